package main

import (
	"fmt"
	"time"
)

// intervalFrom reads WORKER_INTERVAL, such as 500ms; a second when it is not set.
func intervalFrom(getenv func(string) string) (time.Duration, error) {
	text := getenv("WORKER_INTERVAL")
	if text == "" {
		return time.Second, nil
	}
	interval, err := time.ParseDuration(text)
	if err != nil || interval < 10*time.Millisecond {
		return 0, fmt.Errorf("WORKER_INTERVAL is %q: write at least 10ms, such as 500ms", text)
	}
	return interval, nil
}
