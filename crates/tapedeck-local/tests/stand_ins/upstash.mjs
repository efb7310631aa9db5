// Asks a server of Upstash's protocol what Upstash's own library can ask, and fails where the answer is another.
import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";

const url = process.env.URL;
const connect = (token) => new Redis({ url, token, enableTelemetry: false, retry: false });
const redis = connect("all");

if (process.argv[2] === "gone") {
  await assert.rejects(redis.get("a"), /ERR Redis does not answer/);
  console.log("Redis does not answer");
  process.exit();
}

assert.equal(await redis.ping(), "PONG");
assert.equal(await redis.set("text", "größer ✓"), "OK");
assert.equal(await redis.get("text"), "größer ✓");
assert.equal(await redis.set("word", "OK"), "OK");
assert.equal(await redis.get("word"), "OK");
assert.equal(await redis.get("nothing"), null);
await redis.set("thing", { a: [1, null, "x"] }, { ex: 100 });
assert.deepEqual(await redis.get("thing"), { a: [1, null, "x"] });
assert.equal(await redis.incrby("count", 41), 41);
await redis.hset("hash", { one: 1, two: "zwei" });
assert.deepEqual(await redis.hgetall("hash"), { one: 1, two: "zwei" });
await redis.zadd("scores", { score: 1, member: "a" }, { score: 2.5, member: "b" });
assert.deepEqual(await redis.zrange("scores", 0, -1, { withScores: true }), ["a", 1, "b", 2.5]);
assert.deepEqual(await redis.eval("return {KEYS[1], ARGV[1]}", ["k"], ["v"]), ["k", "v"]);
const [cursor, keys] = await redis.scan(0, { match: "has*" });
assert.deepEqual([cursor, keys], ["0", ["hash"]]);
const id = await redis.xadd("stream", "*", { field: "value" });
assert.deepEqual(await redis.xrange("stream", "-", "+"), { [id]: { field: "value" } });
await assert.rejects(redis.lpush("text", 1), /WRONGTYPE/);

const pipeline = redis.pipeline();
pipeline.set("a", 1).incr("a").get("a");
assert.deepEqual(await pipeline.exec(), ["OK", 2, 2]);
const transaction = redis.multi();
transaction.set("b", "x").get("b").hgetall("hash");
assert.deepEqual(await transaction.exec(), ["OK", "x", { one: 1, two: "zwei" }]);
const failing = redis.pipeline();
failing.lpush("text", 1);
failing.get("a");
const results = await failing.exec({ keepErrors: true });
assert.match(results[0].error, /WRONGTYPE/);
assert.equal(results[1].result, 2);

await assert.rejects(connect("wrong").get("a"), /WRONGPASS/);
const wrong = connect("wrong").pipeline();
wrong.get("a");
await assert.rejects(wrong.exec(), /WRONGPASS/);
const reader = connect("some");
assert.equal(await reader.get("a"), 2);
await assert.rejects(reader.set("a", 3), /NOPERM/);
await assert.rejects(reader.eval("return redis.call('SET', 'a', 3)", [], []), /NOPERM/);
const mixed = reader.multi();
mixed.get("a").set("a", 3);
await assert.rejects(mixed.exec(), /NOPERM/);
assert.equal(await redis.get("a"), 2);

const plain = async (path, options = {}) => {
  const answer = await fetch(url + path, options);
  return [answer.status, await answer.json()];
};
assert.deepEqual(await plain("/set/by/path?EX=100&_token=all"), [200, { result: "OK" }]);
assert.deepEqual(await plain("/get/by?_token=some"), [200, { result: "path" }]);
const authorization = "Bearer all";
assert.deepEqual(await plain("/set/body", { method: "POST", body: "<b>", headers: { authorization } }), [200, { result: "OK" }]);
assert.deepEqual(await plain("/get/body", { headers: { authorization } }), [200, { result: "<b>" }]);
assert.equal((await plain("/get/by"))[0], 401);
assert.equal((await plain("/", { method: "POST", body: "no", headers: { authorization } }))[0], 400);
assert.equal((await plain("/multi-exec", { method: "POST", body: '[["SET","c"],["GET","a"]]', headers: { authorization } }))[0], 400);
assert.deepEqual(await plain("/get/c?_token=all"), [200, { result: null }]);
for (const name of ["multi", "subscribe", "shutdown", "select/1"]) {
  assert.equal((await plain("/" + name + "?_token=all"))[0], 400, name);
}

const heard = [];
const subscriber = redis.subscribe(["news"]);
const subscribed = new Promise((resolve) => subscriber.on("subscribe", resolve));
const told = new Promise((resolve) => subscriber.on("message", (event) => heard.push(event) && resolve()));
await subscribed;
assert.equal(await redis.publish("news", { n: 1 }), 1);
await told;
assert.deepEqual(heard, [{ channel: "news", message: { n: 1 } }]);
await subscriber.unsubscribe();

// Many at once, and one that is large.
const large = "x".repeat(2_000_000);
await redis.set("large", large);
assert.equal(await redis.get("large"), large);
await Promise.all(Array.from({ length: 200 }, (_, n) => redis.set(`many-${n}`, n)));
assert.equal(await redis.get("many-199"), 199);
console.log("all as expected");
process.exit();
