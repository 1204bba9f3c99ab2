import type { LaunchProxy } from "./control-plane/proxies/proxy.js";
import { DataPlane } from "./data-plane/index.js";
import type { Log } from "./model/log.js";
import type { FromProxy, ToProxy } from "./model/proxy-messages.js";

/** A data plane in this process that takes and sends the messages of one that is not (`server.proxies: 0`). */
export function inProcessProxy(log: Log): LaunchProxy {
  return ({ onMessage, onEnd }) => {
    let plane: DataPlane | undefined;
    // As from another process, what it says is heard later and not within the call that made it speak.
    const tell = (message: FromProxy): void => queueMicrotask(() => onMessage(message));
    const end = (how: string): void => queueMicrotask(() => onEnd(how, []));
    const obey = async (message: ToProxy): Promise<void> => {
      if (message.type === "start") {
        const onUnreachable = (instance: string, reason: string): void =>
          tell({ type: "unreachable", instance, reason });
        plane = new DataPlane({ settings: message.settings, log, onUnreachable });
        plane.setTable(message.table);
        tell({ type: "ready" });
      }
      if (plane) await serve(plane, message, { tell, end });
    };
    return {
      pid: process.pid,
      send: (message) => void obey(message),
      give: (socket) => plane?.accept(socket),
      kill: () => void plane?.stop(0).then(() => end("was ended")),
    };
  };
}

interface Serving {
  readonly tell: (message: FromProxy) => void;
  readonly end: (how: string) => void;
}

/** `listen` means nothing here: the runtime's own listeners give every connection to this data plane. */
async function serve(plane: DataPlane, message: ToProxy, { tell, end }: Serving): Promise<void> {
  if (message.type === "table") {
    plane.setTable(message.table);
    tell({ type: "acknowledged", generation: message.table.generation });
  }
  if (message.type === "tls") plane.setTls(message.tls);
  if (message.type === "count")
    tell({ type: "counters", request: message.request, counters: plane.counters() });
  if (message.type === "drain") {
    const { instance, deadlineMs } = message;
    tell({ type: "drained", instance, ledger: await plane.drain(instance, deadlineMs) });
  }
  if (message.type === "stop") {
    await plane.stop(message.deadlineMs);
    end("was stopped");
  }
}
