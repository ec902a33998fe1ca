import { execFileSync } from "node:child_process";

/** What stands between a caller's network and the server's. */
export interface NatOptions {
  /** Every flow gets a random public port, as symmetric NATs do it. Default: the same port where it is free. */
  readonly randomPorts?: boolean;
  /** Let no UDP through. Default false. */
  readonly blockUdp?: boolean;
}

let count = 0;

/**
 * Two networks and a router between them, in three network namespaces: a caller at 192.168.77.2 behind the router's address
 * 198.51.100.1 (RFC 5737), and a server at 198.51.100.2.
 */
export class NatLab {
  static readonly serverAddress = "198.51.100.2";
  readonly #names: Readonly<Record<"caller" | "router" | "server", string>>;

  constructor() {
    const base = `rk-${process.pid}-${++count}`;
    this.#names = { caller: `${base}-c`, router: `${base}-r`, server: `${base}-s` };
    try {
      this.#build();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The words that run a command in one of the places. */
  inside(place: "caller" | "server"): string[] {
    return ["ip", "netns", "exec", this.#names[place]];
  }

  close(): void {
    for (const name of Object.values(this.#names)) {
      try {
        execFileSync("ip", ["netns", "del", name], { stdio: "ignore" });
      } catch {
        // It was not made.
      }
    }
  }

  #build(): void {
    const { caller, router, server } = this.#names;
    const ip = (words: string): void =>
      void execFileSync("ip", words.split(" "), { stdio: ["ignore", "ignore", "pipe"] });
    for (const name of [caller, router, server]) {
      ip(`netns add ${name}`);
      ip(`-n ${name} link set lo up`);
    }
    const link = (inside: string, outside: string, addresses: readonly [string, string]): void => {
      ip(`-n ${router} link add ${inside} type veth peer name eth0 netns ${outside}`);
      ip(`-n ${router} addr add ${addresses[0]}/24 dev ${inside}`);
      ip(`-n ${outside} addr add ${addresses[1]}/24 dev eth0`);
      ip(`-n ${router} link set ${inside} up`);
      ip(`-n ${outside} link set eth0 up`);
    };
    link("lan", caller, ["192.168.77.1", "192.168.77.2"]);
    link("wan", server, ["198.51.100.1", NatLab.serverAddress]);
    // The server knows no way to 192.168.77.0: whatever reaches the caller came through the NAT.
    ip(`-n ${caller} route add default via 192.168.77.1`);
    execFileSync("ip", this.#onRouter("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"));
    this.behave({});
  }

  #onRouter(...words: string[]): string[] {
    return ["netns", "exec", this.#names.router, ...words];
  }

  /** From now on the router does this. */
  behave({ randomPorts = false, blockUdp = false }: NatOptions): void {
    execFileSync("ip", this.#onRouter("nft", "-f", "-"), {
      stdio: ["pipe", "ignore", "pipe"],
      input: `flush ruleset
table ip nat {
  chain postrouting {
    type nat hook postrouting priority 100;
    oifname "wan" masquerade ${randomPorts ? "random,fully-random" : ""}
  }
}
table ip filter {
  chain forward {
    type filter hook forward priority 0;
    iifname "wan" ct state new drop
    ${blockUdp ? "meta l4proto udp drop" : ""}
  }
}
`,
    });
  }
}
