package com.acme;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs a line each interval, until it is told to stop. */
public final class Worker {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    private Worker() {}

    public static void main(String[] args) throws InterruptedException {
        Settings settings = Settings.of(System.getenv());
        CountDownLatch stop = new CountDownLatch(1);
        // SIGTERM ends the JVM once its shutdown hooks are done.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            LOG.info("{} stops", settings.name());
            stop.countDown();
        }));
        LOG.info("{} starts with a heap of at most {} MiB", settings.name(), Runtime.getRuntime().maxMemory() >> 20);
        for (long beat = 1; !stop.await(settings.intervalMs(), TimeUnit.MILLISECONDS); beat++) {
            LOG.info("{} beat {}", settings.name(), beat);
        }
    }
}
