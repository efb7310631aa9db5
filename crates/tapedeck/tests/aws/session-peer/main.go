// The far side of ECS Exec for tests: what the Session Manager and its agent are on AWS.
//
// It stands before an emulator, passes on all calls, and lets streams of ECS Exec lead to itself. There it does as the agent does: it shakes
// hands, runs the command on a terminal in the real container, acknowledges, and says again what is not acknowledged. Messages are made and
// read by AWS's own code. With -lossy it loses, doubles and swaps messages.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/session-manager-plugin/src/log"
	"github.com/aws/session-manager-plugin/src/message"
	"github.com/creack/pty"
	"github.com/google/shlex"
	"github.com/gorilla/websocket"
	"github.com/twinj/uuid"
)

const path = "/v1/data-channel/"

var (
	upstream = flag.String("upstream", "", "the endpoint of the emulator")
	docker   = flag.String("docker", "", "the address of the daemon that runs tasks")
	lossy    = flag.Bool("lossy", false, "lose, double and swap messages")
	quiet    = log.NewMockLog()
)

// A command that waits to be attended.
type order struct {
	Task, Container, Command string
	token                    string
}

var (
	orders = map[string]order{}
	mutex  sync.Mutex
)

func main() {
	flag.Parse()
	uuid.SwitchFormat(uuid.CleanHyphen)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	target, err := url.Parse(*upstream)
	must(err)
	own := listener.Addr().String()
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(response *http.Response) error {
		wanted, ok := response.Request.Context().Value(key{}).(order)
		if !ok || response.StatusCode != http.StatusOK {
			return nil
		}
		return redirect(response, wanted, own)
	}
	http.HandleFunc(path, attend)
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		if strings.HasSuffix(request.Header.Get("X-Amz-Target"), ".ExecuteCommand") {
			request = noted(request)
		}
		proxy.ServeHTTP(answer, request)
	})
	fmt.Println(own)
	must(http.Serve(listener, nil))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Lets the answer to ExecuteCommand lead here.
func redirect(response *http.Response, wanted order, own string) error {
	var answer map[string]interface{}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	session := answer["session"].(map[string]interface{})
	id := session["sessionId"].(string)
	wanted.token = session["tokenValue"].(string)
	session["streamUrl"] = "ws://" + own + path + id
	mutex.Lock()
	orders[id] = wanted
	mutex.Unlock()
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Set("Content-Length", fmt.Sprint(len(body)))
	return nil
}

// Serves a data channel.
func attend(answer http.ResponseWriter, request *http.Request) {
	mutex.Lock()
	wanted, ok := orders[strings.TrimPrefix(request.URL.Path, path)]
	mutex.Unlock()
	if !ok {
		http.NotFound(answer, request)
		return
	}
	upgrader := websocket.Upgrader{}
	socket, err := upgrader.Upgrade(answer, request, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	var opening struct{ TokenValue string }
	kind, text, err := socket.ReadMessage()
	if err != nil || kind != websocket.TextMessage || json.Unmarshal(text, &opening) != nil || opening.TokenValue != wanted.token {
		return
	}
	channel := &channel{socket: socket, order: wanted, shaken: make(chan bool, 1), random: rand.New(rand.NewSource(1))}
	go channel.serve()
	channel.listen()
}

// One side of a data channel.
type channel struct {
	order   order
	socket  *websocket.Conn
	shaken  chan bool
	random  *rand.Rand
	mutex   sync.Mutex
	next    int64
	unheard []sent
	swapped []byte
	// What is expected, and what came before it.
	expected int64
	early    map[int64]message.ClientMessage
	terminal *os.File
	size     pty.Winsize
	closed   bool
}

type sent struct {
	sequence int64
	at       time.Time
	bytes    []byte
}

func (c *channel) serve() {
	go c.repeat()
	kind := json.RawMessage(`{"SessionType":"InteractiveCommands","Properties":{}}`)
	c.say(message.HandshakeRequestPayloadType, message.HandshakeRequestPayload{
		AgentVersion:           "3.3.3270.0",
		RequestedClientActions: []message.RequestedClientAction{{ActionType: message.SessionType, ActionParameters: kind}},
	})
	if !<-c.shaken {
		c.close("the handshake was not answered as it should be")
		return
	}
	c.say(message.HandshakeCompletePayloadType, message.HandshakeCompletePayload{HandshakeTimeToComplete: time.Millisecond})
	command, err := c.command()
	if err != nil {
		c.close(err.Error())
		return
	}
	c.mutex.Lock()
	c.terminal, err = pty.StartWithSize(command, &c.size)
	c.mutex.Unlock()
	if err != nil {
		c.close(err.Error())
		return
	}
	portion := make([]byte, 1024)
	for {
		count, err := c.terminal.Read(portion)
		if count > 0 {
			c.send(message.Output, append([]byte{}, portion[:count]...))
		}
		if err != nil {
			break
		}
	}
	_ = command.Wait()
	for deadline := time.Now().Add(30 * time.Second); c.isBehind() && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	c.close("")
}

// The command in its container, as one of its processes.
func (c *channel) command() (*exec.Cmd, error) {
	words, err := shlex.Split(c.order.Command)
	if err != nil {
		return nil, err
	}
	task := c.order.Task[strings.LastIndex(c.order.Task, "/")+1:]
	name := fmt.Sprintf("ministack-ecs-%s-%s", task[:8], c.order.Container)
	return exec.Command("docker", append([]string{
		"--host", *docker, "exec", "--interactive", "--tty", "--env", c.mark(), name,
	}, words...)...), nil
}

// What is in the environment of the command and of all that it starts.
func (c *channel) mark() string {
	return "SESSION=" + c.order.token
}

func (c *channel) listen() {
	c.early = map[int64]message.ClientMessage{}
	for {
		kind, bytes, err := c.socket.ReadMessage()
		if err != nil {
			c.hangUp()
			return
		}
		if kind != websocket.BinaryMessage || c.isLost() {
			continue
		}
		var heard message.ClientMessage
		must(heard.DeserializeClientMessage(quiet, bytes))
		must(heard.Validate())
		switch heard.MessageType {
		case message.AcknowledgeMessage:
			acknowledged, err := heard.DeserializeDataStreamAcknowledgeContent(quiet)
			must(err)
			c.forget(acknowledged.SequenceNumber)
		case message.InputStreamMessage:
			c.acknowledge(heard)
			if heard.SequenceNumber >= c.expected {
				c.early[heard.SequenceNumber] = heard
			}
			for next, ok := c.early[c.expected]; ok; next, ok = c.early[c.expected] {
				delete(c.early, c.expected)
				c.expected++
				c.take(next)
			}
		default:
			must(fmt.Errorf("a message of type %s is none of a client", heard.MessageType))
		}
	}
}

func (c *channel) take(heard message.ClientMessage) {
	switch message.PayloadType(heard.PayloadType) {
	case message.HandshakeResponsePayloadType:
		var response message.HandshakeResponsePayload
		must(json.Unmarshal(heard.Payload, &response))
		actions := response.ProcessedClientActions
		c.shaken <- len(actions) == 1 && actions[0].ActionStatus == message.Success && response.ClientVersion != ""
	case message.Size:
		var size message.SizeData
		must(json.Unmarshal(heard.Payload, &size))
		c.mutex.Lock()
		c.size = pty.Winsize{Rows: uint16(size.Rows), Cols: uint16(size.Cols)}
		if c.terminal != nil {
			_ = pty.Setsize(c.terminal, &c.size)
		}
		c.mutex.Unlock()
	case message.Output:
		for c.typing() == nil {
			time.Sleep(time.Millisecond)
		}
		_, _ = c.typing().Write(heard.Payload)
	case message.Flag:
		c.hangUp()
	default:
		must(fmt.Errorf("a payload of type %d is none of a client", heard.PayloadType))
	}
}

func (c *channel) typing() *os.File {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.terminal
}

// Ends the command and what it has started, as the end of its terminal does.
func (c *channel) hangUp() {
	processes, err := filepath.Glob("/proc/[0-9]*/environ")
	must(err)
	for _, path := range processes {
		// One that has ended has no environment.
		environment, _ := os.ReadFile(path)
		if bytes.Contains(environment, []byte(c.mark())) {
			id, _ := strconv.Atoi(strings.Split(path, "/")[2])
			_ = syscall.Kill(id, syscall.SIGHUP)
		}
	}
}

func (c *channel) say(kind message.PayloadType, what interface{}) {
	payload, err := json.Marshal(what)
	must(err)
	c.send(kind, payload)
}

func (c *channel) send(kind message.PayloadType, payload []byte) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	said := message.ClientMessage{
		MessageType: message.OutputStreamMessage, SchemaVersion: 1, CreatedDate: millis(), SequenceNumber: c.next,
		MessageId: uuid.NewV4(), PayloadType: uint32(kind), Payload: payload,
	}
	bytes, err := said.SerializeClientMessage(quiet)
	must(err)
	c.unheard = append(c.unheard, sent{c.next, time.Now(), bytes})
	c.next++
	c.write(bytes)
}

// Sends bytes, or what a bad network makes of that. The mutex is held.
func (c *channel) write(bytes []byte) {
	if *lossy {
		switch c.random.Intn(6) {
		case 0:
			return
		case 1:
			_ = c.socket.WriteMessage(websocket.BinaryMessage, bytes)
		case 2:
			if c.swapped == nil {
				c.swapped = bytes
				return
			}
		}
	}
	_ = c.socket.WriteMessage(websocket.BinaryMessage, bytes)
	if c.swapped != nil {
		_ = c.socket.WriteMessage(websocket.BinaryMessage, c.swapped)
		c.swapped = nil
	}
}

// Whether a message of the other side is lost.
func (c *channel) isLost() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return *lossy && c.random.Intn(6) == 0
}

func (c *channel) acknowledge(heard message.ClientMessage) {
	bytes, err := message.SerializeClientMessageWithAcknowledgeContent(quiet, message.AcknowledgeContent{
		MessageType: heard.MessageType, MessageId: heard.MessageId.String(), SequenceNumber: heard.SequenceNumber, IsSequentialMessage: true,
	})
	must(err)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.write(bytes)
}

func (c *channel) forget(sequence int64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for index, one := range c.unheard {
		if one.sequence == sequence {
			c.unheard = append(c.unheard[:index], c.unheard[index+1:]...)
			return
		}
	}
}

func (c *channel) isBehind() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.unheard) > 0
}

// Says again what is not acknowledged.
func (c *channel) repeat() {
	for {
		time.Sleep(20 * time.Millisecond)
		c.mutex.Lock()
		if c.closed {
			c.mutex.Unlock()
			return
		}
		for index := range c.unheard {
			if time.Since(c.unheard[index].at) > 200*time.Millisecond {
				c.unheard[index].at = time.Now()
				_ = c.socket.WriteMessage(websocket.BinaryMessage, c.unheard[index].bytes)
			}
		}
		c.mutex.Unlock()
	}
}

func (c *channel) close(why string) {
	payload, err := json.Marshal(message.ChannelClosed{
		MessageId: uuid.NewV4().String(), MessageType: message.ChannelClosedMessage, SchemaVersion: 1, Output: why,
	})
	must(err)
	said := message.ClientMessage{
		MessageType: message.ChannelClosedMessage, SchemaVersion: 1, CreatedDate: millis(), MessageId: uuid.NewV4(), Payload: payload,
	}
	bytes, err := said.SerializeClientMessage(quiet)
	must(err)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.closed = true
	_ = c.socket.WriteMessage(websocket.BinaryMessage, bytes)
}

func millis() uint64 {
	return uint64(time.Now().UnixNano() / int64(time.Millisecond))
}
