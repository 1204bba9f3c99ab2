/** A pass-through on node:http2: headers, body and trailers as they are. Arguments: port, upstream socket. */
import { connect as dial } from "node:net";
import { connect, createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";

const [port = "0", upstream = ""] = process.argv.slice(2);
const session = connect("http://upstream", {
  createConnection: () => dial(upstream),
  settings: { initialWindowSize: 1 << 20 },
});
session.on("connect", () => session.setLocalWindowSize(16 << 20));

const ofOneHop = new Set([":authority", ":scheme"]);

/** Fields that belong to one hop are left out. */
function forwarded(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofOneHop.has(name)));
}

const server = createServer({ settings: { initialWindowSize: 1 << 20 } });
server.on("session", (client) => client.setLocalWindowSize(16 << 20));
server.on("stream", (client, headers) => {
  const request = session.request(forwarded(headers));
  client.pipe(request);
  request.on("response", (response) => {
    if (client.destroyed) return;
    client.respond(forwarded(response), { waitForTrailers: true });
    request.pipe(client);
  });
  let trailers: OutgoingHttpHeaders = {};
  request.on("trailers", (received: IncomingHttpHeaders) => {
    trailers = forwarded(received);
  });
  client.on("wantTrailers", () => client.sendTrailers(trailers));
  client.on("error", () => request.destroy());
  request.on("error", () => client.destroy());
});
server.listen(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"));
