// Package pulse counts at a steady pace.
package pulse

import "time"

// A Counter beats until it is stopped.
type Counter struct {
	stop chan struct{}
	done chan int
}

// Start calls onBeat at once and then once per interval, with the number of beats so far.
func Start(interval time.Duration, onBeat func(beats int)) *Counter {
	counter := &Counter{stop: make(chan struct{}), done: make(chan int)}
	go counter.run(interval, onBeat)
	return counter
}

func (counter *Counter) run(interval time.Duration, onBeat func(beats int)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for beats := 1; ; beats++ {
		onBeat(beats)
		select {
		case <-ticker.C:
		case <-counter.stop:
			counter.done <- beats
			return
		}
	}
}

// Stop ends it and gives the number of beats.
func (counter *Counter) Stop() int {
	close(counter.stop)
	return <-counter.done
}
