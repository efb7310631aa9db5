// Asks the cache for an answer, by a connection whose certificate is checked as Node checks it by default.
import { connect } from "node:tls";
import { isIP } from "node:net";

const url = new URL(process.env.STP_CACHE_CONNECTION_STRING);
const port = Number(url.port);

const ask = (servername) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port, ...(isIP(servername) ? {} : { servername }) }, () => {
      socket.write(`AUTH ${url.username} ${decodeURIComponent(url.password)}\r\nPING\r\n`);
    });
    let said = "";
    socket.on("error", reject).on("data", (data) => {
      said += data;
      if (said.includes("PONG")) resolve("PONG"), socket.destroy();
    });
  });

console.log(`node: ${await ask(url.hostname)}`);
await ask("elsewhere.example").catch((error) => console.log(`node: refused, ${error.code}`));
setInterval(() => {}, 1000);
