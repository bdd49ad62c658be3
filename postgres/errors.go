package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"github.com/dualtone/dualtone"
)

// Codes of Postgres that mean more than their class.
const (
	uniqueViolation       = "23505"
	foreignKeyViolation   = "23503"
	insufficientPrivilege = "42501"
	serialization         = "40001"
	deadlock              = "40P01"
)

// wrap names the thing and makes a database's error one of the program's.
func wrap(noun string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", noun, classify(err))
}

// classify adds the program's kind to an error that has none.
func classify(err error) error {
	if err == nil || dualtone.Kind(err) != "internal" {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return dualtone.ErrNotFound // the driver's words for it would tell nobody anything
	}
	if kind := kindOf(err); kind != nil {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return err
}

func kindOf(err error) error {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return kindOfCode(refused.Code)
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	if connecting || network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, puddle.ErrClosedPool) ||
		pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed") {
		return dualtone.ErrUnavailable
	}
	return nil
}

func kindOfCode(code string) error {
	switch code {
	case uniqueViolation, serialization, deadlock:
		return dualtone.ErrConflict
	case foreignKeyViolation:
		return dualtone.ErrNotFound
	case insufficientPrivilege:
		return dualtone.ErrDenied
	}
	switch code[:2] {
	case "22", "23":
		return dualtone.ErrInvalid
	case "28":
		return dualtone.ErrDenied
	case "08", "25", "53", "57", "58":
		return dualtone.ErrUnavailable
	default:
		return nil
	}
}

// violates reports whether an error is a refusal with a code.
func violates(err error, code string) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refused.Code == code
}

// attempts bounds how often work is tried that stands in the way of other work.
const attempts = 8

// again runs work until it is not disturbed by others any more: a
// serialization failure, a deadlock, or a connection that turned out dead
// before anything was sent. What is disturbed to the end is ErrUnavailable.
func again(ctx context.Context, noun string, work func() error) error {
	var err error
	for try := range attempts {
		err = work()
		if err == nil || !disturbed(err) {
			return wrap(noun, err)
		}
		//nolint:gosec // G404: spreads retries, decides nothing.
		pause := time.NewTimer(time.Duration(rand.Int64N(int64(2*time.Millisecond) << try)))
		select {
		case <-ctx.Done():
			pause.Stop()
			return wrap(noun, ctx.Err())
		case <-pause.C:
		}
	}
	return fmt.Errorf("%s: %w: %w", noun, dualtone.ErrUnavailable, err)
}

func disturbed(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	return violates(err, serialization) || violates(err, deadlock) || !connecting && pgconn.SafeToRetry(err)
}
