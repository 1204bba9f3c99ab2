/** A relay that parses nothing: the floor for any proxy in JavaScript. Arguments: port, upstream socket. */
import { connect, createServer } from "node:net";

const [port = "0", upstream = ""] = process.argv.slice(2);

createServer({ noDelay: true }, (client) => {
  const server = connect(upstream);
  client.pipe(server).pipe(client);
  client.on("error", () => server.destroy());
  server.on("error", () => client.destroy());
}).listen(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"));
