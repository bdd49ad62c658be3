package amazonconnect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dualtone/dualtone"
)

// errLost marks an answer that says nothing about whether the request was done.
var errLost = errors.New("answer lost")

// meanings of the service's error types; those that are not here are judged by
// their HTTP status.
func meanings() map[error][]string {
	return map[error][]string{
		dualtone.ErrNotFound: {"ResourceNotFoundException", "UserNotFoundException"},
		dualtone.ErrInvalid: {
			"InvalidParameterException", "InvalidRequestException", "PropertyValidationException", "SerializationException",
			"LimitExceededException", "ServiceQuotaExceededException",
		},
		dualtone.ErrConflict: {
			"DuplicateResourceException", "ResourceConflictException", "ResourceInUseException",
			"ConditionalOperationFailedException", "IdempotencyException",
		},
		dualtone.ErrDenied: {
			"AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException", "SignatureDoesNotMatch",
			"MissingAuthenticationTokenException", "IncompleteSignatureException", "InvalidClientTokenId",
			"ExpiredTokenException", "ExpiredToken",
		},
	}
}

func isExpired(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return ok && strings.HasPrefix(e.ErrorCode(), "ExpiredToken")
}

// wrong puts a failed request into the words of the program.
func (c *client) wrong(ctx context.Context, err error) error {
	op := operationOf(err)
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %s: %w (%w)", c.name, op, ctx.Err(), errLost)
	}
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fmt.Errorf("%s: %s: %w (%w): %s", c.name, op, dualtone.ErrUnavailable, errLost, innermost(err))
	}
	status := statusOf(err)
	if throttles(e.ErrorCode(), status) {
		told := &dualtone.ThrottledError{System: c.name, After: patience(err, op)}
		return fmt.Errorf("%s: %w", op, told)
	}
	kind := meaning(e.ErrorCode(), status)
	if errors.Is(kind, dualtone.ErrDenied) {
		// The text about a wrong signature quotes headers, the session token too.
		return fmt.Errorf("%s: %s: %s: %w", c.name, op, e.ErrorCode(), kind)
	}
	if errors.Is(kind, dualtone.ErrUnavailable) && status != http.StatusServiceUnavailable {
		return fmt.Errorf("%s: %s: %s: %w (%w)", c.name, op, e.ErrorCode(), kind, errLost)
	}
	return fmt.Errorf("%s: %s: %s: %s: %w", c.name, op, e.ErrorCode(), e.ErrorMessage(), kind)
}

func meaning(code string, status int) error {
	for kind, codes := range meanings() {
		if slices.Contains(codes, code) {
			return kind
		}
	}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return dualtone.ErrDenied
	case status == http.StatusNotFound:
		return dualtone.ErrNotFound
	case status >= 400 && status < 500:
		return dualtone.ErrInvalid
	default:
		return dualtone.ErrUnavailable
	}
}

func throttles(code string, status int) bool {
	switch code {
	case "ThrottlingException", "TooManyRequestsException", "Throttling", "RequestLimitExceeded":
		return true
	case "LimitExceededException", "ServiceQuotaExceededException":
		return false
	default:
		return status == http.StatusTooManyRequests
	}
}

func operationOf(err error) string {
	if e, ok := errors.AsType[*smithy.OperationError](err); ok {
		return e.Operation()
	}
	return "request"
}

func statusOf(err error) int {
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return e.HTTPStatusCode()
	}
	return 0
}

// patience is how long the service asks to wait. It rarely says: the buckets
// refill with two requests a second, that of SearchContacts with one in two.
func patience(err error, op string) time.Duration {
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && e.HTTPResponse() != nil {
		if seconds, err := strconv.Atoi(e.HTTPResponse().Header.Get("Retry-After")); err == nil && seconds > 0 {
			return time.Duration(seconds) * time.Second
		}
	}
	if op == "SearchContacts" {
		return 2 * time.Second
	}
	return time.Second
}

// innermost is what broke, without the layers that report it.
func innermost(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// write does one write. When its answer is lost, landed tells from what is read
// back whether it was done; when that cannot be read, the outcome is unknown.
func write(ctx context.Context, do func(context.Context) error, landed func(context.Context) (bool, error)) error {
	err := do(ctx)
	if !errors.Is(err, errLost) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	done, failed := landed(ctx)
	switch {
	case failed != nil:
		return fmt.Errorf("%w: %w, and reading back: %w", dualtone.ErrUnknown, err, failed)
	case done:
		return nil
	default:
		return err
	}
}

// empty is the answer to an answer without what was asked for.
func (c *client) empty(op string) error {
	return fmt.Errorf("%s: %s: the answer is empty: %w", c.name, op, dualtone.ErrUnavailable)
}
