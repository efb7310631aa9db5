package com.acme;

import com.google.gson.Gson;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;

/**
 * Writes a receipt for each order that was booked, and marks the order as done.
 *
 * <p>An order that comes again gets the same receipt under the same key, and the same mark.
 */
public final class Receipts {
    private final Gson json = new Gson();
    private final SqsClient sqs = SqsClient.create();
    private final S3Client s3 = S3Client.create();
    private final DynamoDbClient dynamo = DynamoDbClient.create();
    private final Executor hands = Executors.newFixedThreadPool(5, Receipts::thread);
    private final String queue = System.getenv("STP_BOOKED_ORDERS_URL");
    private final String bucket = System.getenv("STP_ARCHIVE_NAME");
    private final String table = System.getenv("STP_STATUSES_NAME");
    private volatile boolean stopping;

    public static void main(String[] args) {
        Receipts receipts = new Receipts();
        Thread worker = Thread.currentThread();
        // SIGTERM ends the JVM once this is done: when the worker has put away what it has in its hands.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            receipts.stopping = true;
            try {
                worker.join();
            } catch (InterruptedException unlikely) {
                Thread.currentThread().interrupt();
            }
        }));
        receipts.run();
    }

    private void run() {
        System.out.println("{\"message\": \"started\"}");
        while (!stopping) {
            List<Message> messages =
                    sqs.receiveMessage(call -> call.queueUrl(queue).maxNumberOfMessages(10)).messages();
            if (!messages.isEmpty()) {
                workOff(messages);
            }
        }
        System.out.println("{\"message\": \"stopped\"}");
    }

    private void workOff(List<Message> messages) {
        // Side by side: it is mostly waiting.
        List<CompletableFuture<String>> begun = messages.stream()
                .map(message -> CompletableFuture.supplyAsync(() -> writeReceipt(message), hands))
                .toList();
        // An order may be in several messages.
        Set<String> ids = begun.stream().map(CompletableFuture::join).collect(Collectors.toSet());
        markAsDone(ids);
        List<DeleteMessageBatchRequestEntry> finished =
                messages.stream().map(Receipts::deletion).toList();
        sqs.deleteMessageBatch(call -> call.queueUrl(queue).entries(finished));
    }

    /** Gives the number of the order. */
    private String writeReceipt(Message message) {
        String id = String.valueOf(json.fromJson(message.body(), Order.class).id());
        s3.putObject(
                call -> call.bucket(bucket).key("receipts/" + id + ".json").contentType("application/json"),
                RequestBody.fromString(message.body()));
        return id;
    }

    private void markAsDone(Set<String> ids) {
        Map<String, List<WriteRequest>> left =
                Map.of(table, ids.stream().map(Receipts::mark).toList());
        // What was too much for now is given back.
        while (!left.isEmpty()) {
            Map<String, List<WriteRequest>> marks = left;
            left = dynamo.batchWriteItem(call -> call.requestItems(marks)).unprocessedItems();
        }
    }

    private static WriteRequest mark(String id) {
        Map<String, AttributeValue> item =
                Map.of("id", AttributeValue.fromS(id), "status", AttributeValue.fromS("done"));
        return WriteRequest.builder().putRequest(put -> put.item(item)).build();
    }

    private static DeleteMessageBatchRequestEntry deletion(Message message) {
        return DeleteMessageBatchRequestEntry.builder()
                .id(message.messageId())
                .receiptHandle(message.receiptHandle())
                .build();
    }

    /** A thread that keeps no program from ending. */
    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    }

    /** Of an order, what is needed here. */
    private record Order(long id) {}
}
