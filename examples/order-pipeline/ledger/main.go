// Keeps the books: takes priced orders from their queue, and writes each into the books exactly once, however often it
// comes. Then it asks for its receipt, which may be asked for twice.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/jackc/pgx/v5"
)

// One at a time, should two tasks begin together.
const tables = `
begin;
select pg_advisory_xact_lock(1);
create table if not exists orders (
    id bigint primary key, customer bigint not null, article bigint not null, quantity bigint not null, cents bigint not null
);
create table if not exists balances (customer bigint primary key, orders bigint not null, cents bigint not null);
commit`

// An order that is there already is left alone, and so is what its customer owes: it is one statement, all of it or nothing.
const book = `
with booked as (
    insert into orders
    select (given ->> 'id')::bigint, (given ->> 'customer')::bigint, (given ->> 'article')::bigint,
        (given ->> 'quantity')::bigint, (given ->> 'cents')::bigint
    from unnest($1::jsonb[]) as given
    order by 1
    on conflict do nothing
    returning customer, cents
), owed as (
    insert into balances
    select customer, count(*), sum(cents) from booked group by customer order by customer
    on conflict (customer) do update
    set orders = balances.orders + excluded.orders, cents = balances.cents + excluded.cents
)
select count(*) from booked`

type ledger struct {
	queue              *sqs.Client
	books              *pgx.Conn
	priced, bookedInto string
}

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	if err := run(stop, log); err != nil {
		log.Error(err.Error())
		os.Exit(1)
	}
	log.Info("stopped")
}

func run(stop context.Context, log *slog.Logger) error {
	work := context.Background()
	settings, err := config.LoadDefaultConfig(work)
	if err != nil {
		return err
	}
	books, err := pgx.Connect(work, os.Getenv("STP_BOOKS_CONNECTION_STRING"))
	if err != nil {
		return err
	}
	defer books.Close(work)
	if _, err := books.Exec(work, tables); err != nil {
		return err
	}
	ledger := ledger{
		queue:      sqs.NewFromConfig(settings),
		books:      books,
		priced:     os.Getenv("STP_PRICED_ORDERS_URL"),
		bookedInto: os.Getenv("STP_BOOKED_ORDERS_URL"),
	}
	log.Info("started")
	for stop.Err() == nil {
		received, err := ledger.queue.ReceiveMessage(work, &sqs.ReceiveMessageInput{
			QueueUrl: &ledger.priced, MaxNumberOfMessages: 10,
		})
		if err != nil {
			return err
		}
		if len(received.Messages) == 0 {
			continue
		}
		repeated, err := ledger.workOff(work, received.Messages)
		if err != nil {
			return err
		}
		if repeated > 0 {
			log.Info("came again", "repeated", repeated)
		}
	}
	return nil
}

// Books what the messages say, sends it on, and deletes them, in this order. Tells how many had been booked before.
func (ledger *ledger) workOff(work context.Context, messages []types.Message) (int, error) {
	orders := make([]json.RawMessage, len(messages))
	jobs := make([]types.SendMessageBatchRequestEntry, len(messages))
	finished := make([]types.DeleteMessageBatchRequestEntry, len(messages))
	for at, message := range messages {
		id := aws.String(strconv.Itoa(at))
		orders[at] = json.RawMessage(*message.Body)
		jobs[at] = types.SendMessageBatchRequestEntry{Id: id, MessageBody: message.Body}
		finished[at] = types.DeleteMessageBatchRequestEntry{Id: id, ReceiptHandle: message.ReceiptHandle}
	}
	var booked int
	if err := ledger.books.QueryRow(work, book, orders).Scan(&booked); err != nil {
		return 0, err
	}
	sent, err := ledger.queue.SendMessageBatch(work, &sqs.SendMessageBatchInput{
		QueueUrl: &ledger.bookedInto, Entries: jobs,
	})
	if err != nil {
		return 0, err
	}
	if len(sent.Failed) > 0 {
		// They come again after a while.
		return len(orders) - booked, nil
	}
	_, err = ledger.queue.DeleteMessageBatch(work, &sqs.DeleteMessageBatchInput{
		QueueUrl: &ledger.priced, Entries: finished,
	})
	return len(orders) - booked, err
}
