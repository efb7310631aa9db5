// Asks each with its own library what is there from the rounds before, adds something, and says what was found.
import { Redis } from "@upstash/redis";
import { Kafka, logLevel } from "kafkajs";
import { MongoClient } from "mongodb";
import { createClient } from "redis";

const { env } = process;

async function docs() {
  const client = new MongoClient(env.STP_DOCS_CONNECTION_STRING);
  const rounds = client.db("shop").collection("rounds");
  await rounds.createIndex({ round: 1 }, { unique: true });
  const found = await rounds.countDocuments();
  const changes = rounds.watch();
  const seen = changes.next();
  await new Promise((go) => setTimeout(go, 500));
  await client.withSession((session) =>
    session.withTransaction(() => rounds.insertOne({ round: env.ROUND }, { session })));
  const change = await seen;
  await changes.close();
  const stranger = new MongoClient(env.STP_DOCS_CONNECTION_STRING.replace(/:[^:@]*@/, ":wrong@"));
  const refused = await stranger.db("shop").collection("rounds").countDocuments().catch((error) => error.codeName);
  await stranger.close();
  await client.close();
  return `${found} ${change.operationType} ${refused}`;
}

async function cache() {
  const client = createClient({ url: env.STP_CACHE_REDIS_URL });
  client.on("error", () => {});
  await client.connect();
  const found = await client.lLen("rounds");
  await client.rPush("rounds", env.ROUND);
  const { STP_CACHE_HOST: host, STP_CACHE_PORT: port, STP_CACHE_PASSWORD: password } = env;
  const apart = createClient({ socket: { host, port: Number(port) }, password });
  await apart.connect();
  let told;
  const heard = new Promise((resolve) => (told = resolve));
  await apart.subscribe("news", told);
  await client.publish("news", "heard");
  const message = await heard;
  await apart.close();
  await client.close();
  return `${found} ${message}`;
}

async function rest() {
  const url = env.STP_CACHE_REST_URL;
  const redis = new Redis({ url, token: env.STP_CACHE_REST_TOKEN });
  const found = await redis.llen("rounds");
  const [, name] = await redis.pipeline().set("name", "ä").get("name").exec();
  const reader = new Redis({ url, token: env.STP_CACHE_READ_ONLY_REST_TOKEN });
  const refused = await reader.set("name", "b").then(() => "allowed", () => "refused");
  const stranger = new Redis({ url, token: "wrong", retry: false });
  const unknown = await stranger.get("name").then(() => "allowed", () => "refused");
  return `${found} ${name} ${await reader.get("name")} ${refused} ${unknown}`;
}

async function news() {
  const topic = env.STP_NEWS_TOPIC_NAME;
  const username = env.STP_NEWS_USERNAME;
  const kafka = new Kafka({
    brokers: [env.STP_NEWS_TCP_ENDPOINT],
    logLevel: logLevel.NOTHING,
    ...(username && { ssl: true, sasl: { mechanism: "scram-sha-256", username, password: env.STP_NEWS_PASSWORD } }),
  });
  const admin = kafka.admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ key: "round", value: env.ROUND }] });
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: `round-${env.ROUND}`, sessionTimeout: 6000 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const value = await new Promise((resolve) => {
    consumer.run({
      eachMessage: async ({ message }) => message.value.toString() === env.ROUND && resolve(env.ROUND),
    });
  });
  await consumer.disconnect();
  return `${topics[0].partitions.length} ${value}`;
}

for (const ask of [docs, cache, rest, news]) {
  const found = await ask().catch((error) => error.stack);
  console.log(`${env.ROUND} ${ask.name}: ${found}`);
}
setInterval(() => {}, 60000);
