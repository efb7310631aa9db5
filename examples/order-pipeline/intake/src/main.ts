// Takes orders in: makes them up, one as good as the other, and sends them to the queue of new orders.
//
// How many are sent is remembered in DynamoDB after every hundred. Who starts after a crash goes on from there, so that
// up to a hundred orders are sent twice and none is left out.
import { setTimeout as pause } from 'node:timers/promises';

import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';

/** So many may wait to be priced before no more are taken in. */
const ROOM = 500;

const total = Number(process.env.ORDERS);
const queue = process.env.STP_NEW_ORDERS_URL;
const table = process.env.STP_PROGRESS_NAME;
const sqs = new SQSClient();
const dynamo = new DynamoDBClient();

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

/** What somebody ordered: always the same for the same number. */
function order(id: number) {
  return { id, customer: (id * 7919) % 100, article: (id * 104729) % 40, quantity: 1 + (id % 5) };
}

/** The whole numbers from `first` to `last`. */
function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Sends ten orders, as many as one call takes. */
async function send(first: number): Promise<void> {
  const ids = numbers(first, Math.min(first + 9, total));
  const Entries = ids.map((id) => ({ Id: String(id), MessageBody: JSON.stringify(order(id)) }));
  const { Failed } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries }));
  if (Failed?.length) throw new Error(`orders were refused: ${JSON.stringify(Failed)}`);
}

async function waiting(): Promise<number> {
  const name = 'ApproximateNumberOfMessages';
  const call = new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: [name] });
  return Number((await sqs.send(call)).Attributes?.[name]);
}

async function load(): Promise<number> {
  const Key = { id: { S: 'intake' } };
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
  return Number(Item?.sent?.N ?? 0);
}

async function save(sent: number): Promise<void> {
  const Item = { id: { S: 'intake' }, sent: { N: String(sent) } };
  await dynamo.send(new PutItemCommand({ TableName: table, Item }));
}

let sent = await load();
console.log(JSON.stringify({ message: 'started', sent, total }));
while (!stop.signal.aborted) {
  if (sent === total || (await waiting()) > ROOM) {
    // Also when all is done: a worker that ends would be started again.
    await pause(200, undefined, { signal: stop.signal }).catch(() => {});
    continue;
  }
  const next = Math.min(sent + 100, total);
  await Promise.all(
    numbers(0, Math.ceil((next - sent) / 10) - 1).map((ten) => send(sent + 1 + 10 * ten)),
  );
  await save(next);
  sent = next;
}
console.log(JSON.stringify({ message: 'stopped', sent }));
