// A worker that says once a second that it is alive, and how often it has said so.
package main

import (
	_ "embed"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"example.com/go-worker/pulse"
)

//go:embed greeting.txt
var greeting string

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	interval, err := intervalFrom(os.Getenv)
	if err != nil {
		log.Error(err.Error())
		os.Exit(2)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	counter := pulse.Start(interval, func(beats int) {
		log.Info(strings.TrimSpace(greeting), "beats", beats)
	})
	received := <-stop
	log.Info("finishing", "signal", received.String(), "beats", counter.Stop())
}
