// Asks the cache for an answer, by a connection whose certificate is checked as Go checks it by default.
package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
)

func ask(address *url.URL, name string) (string, error) {
	connection, err := tls.Dial("tcp", address.Host, &tls.Config{ServerName: name})
	if err != nil {
		return "", err
	}
	defer connection.Close()
	password, _ := address.User.Password()
	fmt.Fprintf(connection, "AUTH %s %s\r\nPING\r\n", address.User.Username(), password)
	lines := bufio.NewScanner(connection)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "PONG") {
			return "PONG", nil
		}
	}
	return "", lines.Err()
}

func main() {
	address, err := url.Parse(os.Getenv("STP_CACHE_CONNECTION_STRING"))
	if err != nil {
		panic(err)
	}
	said, err := ask(address, address.Hostname())
	if err != nil {
		panic(err)
	}
	fmt.Println("go:", said)
	_, err = ask(address, "elsewhere.example")
	fmt.Println("go: refused,", err)
	for {
		time.Sleep(time.Hour)
	}
}
