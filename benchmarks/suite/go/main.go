// Runs Go's clientv3, with go-grpc-prometheus on its channel, as a contender: a line of JSON says what to do, a line of
// JSON says what that took. It is benchmarks/suite/child.py in Go.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	prometheus "github.com/grpc-ecosystem/go-grpc-prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
)

const (
	directories = 97
	operations  = 128
	inFlight    = 8
)

var value = strings.Repeat("x", 100)

type command struct {
	Do       string
	Callers  int
	Seconds  float64
	Prefix   string
	Count    int
	Revision int64
}

func key(prefix string, number int) string {
	return fmt.Sprintf("%s%02d/%08d", prefix, number%directories, number)
}

// calling returns how many calls so many goroutines make in that time.
func calling(callers int, seconds float64, call func(key string) error) (int, error) {
	until := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	made, failed := make([]int, callers), make([]error, callers)
	var group sync.WaitGroup
	for caller := range callers {
		group.Add(1)
		go func() {
			defer group.Done()
			own := fmt.Sprintf("/bench/calls/%04d", caller)
			for time.Now().Before(until) && failed[caller] == nil {
				failed[caller] = call(own)
				made[caller]++
			}
		}()
	}
	group.Wait()
	all := 0
	for caller := range callers {
		if failed[caller] != nil {
			return 0, failed[caller]
		}
		all += made[caller]
	}
	return all, nil
}

func load(ctx context.Context, client *clientv3.Client, prefix string, count int) (int, error) {
	var group sync.WaitGroup
	var failed error
	var once sync.Once
	places := make(chan int)
	for range inFlight {
		group.Add(1)
		go func() {
			defer group.Done()
			for first := range places {
				puts := []clientv3.Op{}
				for number := first; number < min(count, first+operations); number++ {
					puts = append(puts, clientv3.OpPut(key(prefix, number), value))
				}
				if _, err := client.Txn(ctx).Then(puts...).Commit(); err != nil {
					once.Do(func() { failed = err })
				}
			}
		}()
	}
	for first := 0; first < count; first += operations {
		places <- first
	}
	close(places)
	group.Wait()
	return count, failed
}

func watch(ctx context.Context, client *clientv3.Client, asked command) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seen := 0
	options := []clientv3.OpOption{clientv3.WithPrefix(), clientv3.WithRev(asked.Revision), clientv3.WithFragment()}
	for answer := range client.Watch(ctx, asked.Prefix, options...) {
		if err := answer.Err(); err != nil {
			return 0, err
		}
		if seen += len(answer.Events); seen >= asked.Count {
			return seen, nil
		}
	}
	return seen, io.ErrUnexpectedEOF
}

func run(ctx context.Context, client *clientv3.Client, asked command) (int, error) {
	switch asked.Do {
	case "get":
		return calling(asked.Callers, asked.Seconds, func(key string) error {
			_, err := client.Get(ctx, key)
			return err
		})
	case "put":
		return calling(asked.Callers, asked.Seconds, func(key string) error {
			_, err := client.Put(ctx, key, value)
			return err
		})
	case "range":
		answer, err := client.Get(ctx, asked.Prefix, clientv3.WithPrefix())
		if err != nil {
			return 0, err
		}
		return len(answer.Kvs), nil
	case "load":
		return load(ctx, client, asked.Prefix, asked.Count)
	case "watch":
		return watch(ctx, client, asked)
	}
	return -1, nil
}

// memory is a figure of /proc/self/status, in bytes.
func memory(name string) int {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		if rest, found := strings.CutPrefix(line, name+":"); found {
			size := 0
			_, _ = fmt.Sscanf(strings.TrimSpace(rest), "%d", &size)
			return size * 1024
		}
	}
	return 0
}

func used() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func measured(client *clientv3.Client, asked command) map[string]any {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	resident, cpu, began := memory("VmRSS"), used(), time.Now()
	count, err := run(ctx, client, asked)
	wall, spent := time.Since(began).Seconds(), used()-cpu
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	if count < 0 {
		return map[string]any{"lacks": "not measured"}
	}
	return map[string]any{"count": count, "wall": wall, "cpu": spent, "growth": max(0, memory("VmHWM")-resident)}
}

func main() {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   []string{os.Args[1]},
		DialTimeout: 5 * time.Second,
		Logger:      zap.NewNop(),
		DialOptions: []grpc.DialOption{
			grpc.WithChainUnaryInterceptor(prometheus.UnaryClientInterceptor),
			grpc.WithChainStreamInterceptor(prometheus.StreamClientInterceptor),
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	prometheus.EnableClientHandlingTimeHistogram()
	answers := json.NewEncoder(os.Stdout)
	_ = answers.Encode(map[string]any{"ready": true})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var asked command
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			_ = answers.Encode(map[string]any{"error": err.Error()})
			continue
		}
		_ = answers.Encode(measured(client, asked))
	}
}
