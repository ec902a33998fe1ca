import type { NextConfig } from "next";

const config: NextConfig = {
  // Native libraries and model files are found beside their packages: these stay out of the bundle.
  serverExternalPackages: ["roomkit"],
};

export default config;
