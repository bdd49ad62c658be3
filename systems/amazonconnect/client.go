package amazonconnect

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect"

	"github.com/dualtone/dualtone/systems"
)

// client asks one instance, one request after another as Pace allows.
type client struct {
	name        string
	instance    *string
	api         *connect.Client
	credentials *aws.CredentialsCache
	pace        func(ctx context.Context, system string) error
	now         func() time.Time
}

func newClient(ctx context.Context, name string, config Config, deps systems.Deps) (*client, error) {
	transport := deps.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	c := &client{
		name:     name,
		instance: aws.String(bare(config.InstanceID)),
		pace:     deps.Pace,
		now:      func() time.Time { return now(deps) },
	}
	if c.pace == nil {
		c.pace = func(ctx context.Context, _ string) error { return ctx.Err() }
	}
	httpClient := &http.Client{Transport: wholeAnswers{transport}}
	provider, err := credentialsOf(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("amazonconnect %q: credentials: %w", name, err)
	}
	c.credentials = aws.NewCredentialsCache(provider)
	options := connect.Options{
		Region:      config.Region,
		Credentials: c.credentials,
		HTTPClient:  httpClient,
		// The workflow retries, with patience; a second engine below it would
		// only spend the quota.
		Retryer: aws.NopRetryer{},
	}
	if config.Endpoint != "" {
		options.BaseEndpoint = aws.String(config.Endpoint)
	}
	c.api = connect.New(options)
	return c, nil
}

// credentialsOf takes the keys that are given, or else the machine's own.
func credentialsOf(ctx context.Context, config Config) (aws.CredentialsProvider, error) {
	if config.AccessKeyID != "" {
		return credentials.NewStaticCredentialsProvider(config.AccessKeyID, config.SecretAccessKey, config.SessionToken), nil
	}
	own, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(config.Region))
	if err != nil {
		return nil, err
	}
	return own.Credentials, nil
}

// do asks once, and once more with fresh credentials when they have expired.
func do[In, Out any](
	ctx context.Context, c *client, op func(context.Context, *In, ...func(*connect.Options)) (*Out, error), in *In,
) (*Out, error) {
	for again := false; ; again = true {
		if err := c.pace(ctx, c.name); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		out, err := op(ctx, in)
		if err == nil {
			return out, nil
		}
		if again || !isExpired(err) {
			return nil, c.wrong(ctx, err)
		}
		c.credentials.Invalidate()
	}
}

// pages lists all items of a paged answer. An error ends the list.
func pages[V any](ask func(token *string) ([]V, *string, error)) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		var token *string
		for {
			items, next, err := ask(token)
			if err != nil {
				var none V
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if aws.ToString(next) == "" {
				return
			}
			token = next
		}
	}
}

// gather reads a list to its end.
func gather[V any](list iter.Seq2[V, error]) ([]V, error) {
	var all []V
	for v, err := range list {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// bare is the id in an ARN, or the id itself. The service takes and gives both.
func bare(id string) string { return id[strings.LastIndex(id, "/")+1:] }

// rawKey is where a request's context asks for the answer as received.
type rawKey struct{}

// wholeAnswers reads every answer to its end before anyone sees its beginning,
// so that one that breaks off is an error and never a short list.
type wholeAnswers struct{ next http.RoundTripper }

const largestAnswer = 64 << 20

func (w wholeAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer))
	if closed := resp.Body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if raw, ok := r.Context().Value(rawKey{}).(*[]byte); ok {
		*raw = body
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
