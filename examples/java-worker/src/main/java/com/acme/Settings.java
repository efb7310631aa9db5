package com.acme;

import java.util.Map;

/** What the environment says. */
record Settings(String name, long intervalMs) {
    static Settings of(Map<String, String> environment) {
        return new Settings(
                environment.getOrDefault("WORKER_NAME", "worker"),
                Long.parseLong(environment.getOrDefault("WORKER_INTERVAL_MS", "1000")));
    }
}
