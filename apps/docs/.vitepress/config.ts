import { defineConfig, type UserConfig } from "vitepress";
import llms from "vitepress-plugin-llms";
import { slug } from "../../../tools/docs/markdown.ts";
import { repository } from "../scripts/site.ts";
import { sections } from "./navigation.ts";

export default defineConfig({
  title: "RoomKit",
  description: "Voice conversations between people and an AI, as a set of small TypeScript packages for Node.js.",
  lang: "en",
  // Where the site stands below its host, as on GitHub Pages: "/roomkit/".
  base: (process.env.DOCS_BASE ?? "/") as `/${string}/`,
  cleanUrls: true,
  srcExclude: ["README.md"],
  outDir: "dist",
  cacheDir: "node_modules/.cache/vitepress",
  ignoreDeadLinks: "localhostLinks",
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${process.env.DOCS_BASE ?? "/"}logo.svg` }]],
  markdown: {
    // As GitHub does it, so that a README's anchors are the same in both places.
    anchor: { slugify: slug },
    toc: { slugify: slug },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  vite: {
    plugins: [
      llms({
        description:
          "Voice-AI server framework for Node.js: rooms, calls, turns, interruptions, transports, providers.",
        ignoreFiles: ["reference/**/api.md", "reference/decisions/*"],
      }),
    ],
    build: { chunkSizeWarningLimit: 20_000 },
    // The plugin has the types of another Vite.
  } as object as NonNullable<UserConfig["vite"]>,
  themeConfig: {
    logo: "/logo.svg",
    outline: [2, 3],
    search: {
      provider: "local",
      options: {
        // Of a page of exports their names are found, and of decisions nothing: the index is loaded by who searches.
        _render(source, env, md) {
          const page = env.relativePath ?? "";
          if (page.startsWith("reference/decisions/")) return "";
          return md.render(page.endsWith("/api.md") ? (source.match(/^#{1,3} .*$/gm) ?? []).join("\n\n") : source, env);
        },
      },
    },
    nav: [
      { text: "Start", link: "/start/", activeMatch: "^/start/" },
      { text: "Guides", link: "/guides/", activeMatch: "^/guides/" },
      { text: "Reference", link: "/reference/", activeMatch: "^/reference/" },
    ],
    sidebar: sections.map(({ text, pages }, at) => ({
      text,
      // The first ones stand open: a newcomer reads on from there.
      collapsed: at > 2,
      items: pages.map(({ text: title, link }) => ({ text: title, link })),
    })),
    ...(repository && { socialLinks: [{ icon: "github" as const, link: repository }] }),
    footer: { message: "MIT licence" },
  },
});
