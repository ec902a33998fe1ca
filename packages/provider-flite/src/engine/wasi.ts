import { RoomKitError } from "@roomkit/core";

/** WASI preview 1 error numbers. */
const OK = 0;
const BADF = 8;
const NOENT = 44;
const SPIPE = 70;
/** File types in `fd_fdstat_get`. */
const CHARACTER_DEVICE = 2;
const DIRECTORY = 3;
const REGULAR_FILE = 4;
/** The one directory there is. */
const ROOT_FD = 3;
const O_CREAT = 1;
const O_TRUNC = 8;
/** No program may write more: 16 kHz speech of ten minutes is 19 MB. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

class GrowingFile {
  bytes: Uint8Array = new Uint8Array(1 << 16);
  length = 0;

  write(at: number, data: Uint8Array): void {
    const end = at + data.length;
    if (end > MAX_FILE_BYTES) throw new RoomKitError("engine_failed", "the engine wrote more than it may");
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, end));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(data, at);
    this.length = Math.max(this.length, end);
  }

  contents(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

class Exit {
  readonly code: number;
  constructor(code: number) {
    this.code = code;
  }
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What it wrote, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Runs a WASI preview 1 command to its end, in memory: it sees its arguments, a clock and one empty directory, and nothing of
 * the machine. Only the thirteen functions that Flite imports exist; another program fails to instantiate.
 *
 * @throws RoomKitError `engine_failed` when the program traps.
 */
export function runProgram(module: WebAssembly.Module, args: readonly string[]): ProgramResult {
  const decoder = new TextDecoder();
  const argv = args.map((arg) => new TextEncoder().encode(`${arg}\0`));
  const files = new Map<string, GrowingFile>();
  const output = [new GrowingFile(), new GrowingFile()] as const;
  const open = new Map<number, { readonly file: GrowingFile; position: number }>();
  let nextFd = ROOT_FD + 1;
  let memory: WebAssembly.Memory;
  const view = (): DataView => new DataView(memory.buffer);
  const bytes = (at: number, length: number): Uint8Array => new Uint8Array(memory.buffer, at, length);
  /** The buffers of a scatter/gather list. */
  const buffers = (list: number, count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, i) =>
      bytes(view().getUint32(list + 8 * i, true), view().getUint32(list + 8 * i + 4, true)),
    );

  const imports = {
    args_sizes_get(count: number, size: number): number {
      view().setUint32(count, argv.length, true);
      view().setUint32(
        size,
        argv.reduce((sum, arg) => sum + arg.length, 0),
        true,
      );
      return OK;
    },
    args_get(pointers: number, buffer: number): number {
      let at = buffer;
      argv.forEach((arg, i) => {
        view().setUint32(pointers + 4 * i, at, true);
        bytes(at, arg.length).set(arg);
        at += arg.length;
      });
      return OK;
    },
    clock_time_get(_id: number, _precision: bigint, time: number): number {
      view().setBigUint64(time, BigInt(Math.round(performance.now() * 1e6)), true);
      return OK;
    },
    fd_close: (fd: number): number => (open.delete(fd) ? OK : BADF),
    fd_fdstat_get(fd: number, stat: number): number {
      if (fd > ROOT_FD && !open.has(fd)) return BADF;
      bytes(stat, 24).fill(0);
      view().setUint8(stat, fd === ROOT_FD ? DIRECTORY : fd < ROOT_FD ? CHARACTER_DEVICE : REGULAR_FILE);
      bytes(stat + 8, 16).fill(0xff);
      return OK;
    },
    fd_fdstat_set_flags: (): number => OK,
    fd_prestat_get(fd: number, stat: number): number {
      if (fd !== ROOT_FD) return BADF;
      view().setUint32(stat, 0, true);
      view().setUint32(stat + 4, 1, true);
      return OK;
    },
    fd_prestat_dir_name(fd: number, path: number, length: number): number {
      if (fd !== ROOT_FD || length < 1) return BADF;
      bytes(path, 1)[0] = ".".charCodeAt(0);
      return OK;
    },
    fd_read(fd: number, list: number, count: number, read: number): number {
      const handle = open.get(fd);
      let total = 0;
      for (const buffer of buffers(list, count)) {
        const data = handle?.file.contents().subarray(handle.position, handle.position + buffer.length);
        if (!handle || !data || data.length === 0) break;
        buffer.set(data);
        handle.position += data.length;
        total += data.length;
      }
      view().setUint32(read, total, true);
      return OK;
    },
    fd_seek(fd: number, offset: bigint, whence: number, result: number): number {
      const handle = open.get(fd);
      if (!handle) return SPIPE;
      const base = whence === 0 ? 0 : whence === 1 ? handle.position : handle.file.length;
      handle.position = Math.max(0, base + Number(offset));
      view().setBigUint64(result, BigInt(handle.position), true);
      return OK;
    },
    fd_write(fd: number, list: number, count: number, written: number): number {
      const handle = open.get(fd);
      if (!handle && fd !== 1 && fd !== 2) return BADF;
      let total = 0;
      for (const data of buffers(list, count)) {
        if (handle) {
          handle.file.write(handle.position, data);
          handle.position += data.length;
        } else {
          const stream = output[fd - 1] as GrowingFile;
          stream.write(stream.length, data);
        }
        total += data.length;
      }
      view().setUint32(written, total, true);
      return OK;
    },
    // biome-ignore lint/complexity/useMaxParams: as WASI has it
    path_open(
      _dir: number,
      _dirFlags: number,
      path: number,
      length: number,
      flags: number,
      _rights: bigint,
      _inheriting: bigint,
      _fdFlags: number,
      result: number,
    ): number {
      const name = decoder.decode(bytes(path, length));
      let file = files.get(name);
      if (!file) {
        if (!(flags & O_CREAT)) return NOENT;
        file = new GrowingFile();
        files.set(name, file);
      }
      if (flags & O_TRUNC) file.length = 0;
      open.set(nextFd, { file, position: 0 });
      view().setUint32(result, nextFd++, true);
      return OK;
    },
    proc_exit(code: number): never {
      throw new Exit(code);
    },
  };

  let exitCode = 0;
  try {
    const { exports } = new WebAssembly.Instance(module, { wasi_snapshot_preview1: imports });
    memory = exports.memory as WebAssembly.Memory;
    (exports._start as () => void)();
  } catch (thrown) {
    if (!(thrown instanceof Exit)) {
      if (RoomKitError.is(thrown)) throw thrown;
      throw new RoomKitError("engine_failed", "the speech engine failed", { cause: thrown });
    }
    exitCode = thrown.code;
  }
  return {
    exitCode,
    stdout: decoder.decode(output[0].contents()),
    stderr: decoder.decode(output[1].contents()),
    files: new Map([...files].map(([name, file]) => [name, file.contents()])),
  };
}
