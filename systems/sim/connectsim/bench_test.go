package connectsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/smithy-go"

	"github.com/dualtone/dualtone/systems/sim"
)

// bench is a simulator and the vendor's own client on it.
type bench struct {
	*Server
	Company

	clock  *sim.ManualTime
	client *connect.Client
	id     *string
}

func start(t *testing.T, opts Options, p Population) *bench {
	t.Helper()
	clock := sim.NewManualTime(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC))
	s, err := Start(sim.New(clock), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	b := &bench{Server: s, Company: s.Populate(p), clock: clock, id: aws.String(s.InstanceID())}
	b.client = b.clientWith(t, func(*connect.Options) {})
	return b
}

// clientWith makes a client that checks every answer against the model.
func (b *bench) clientWith(t *testing.T, change func(*connect.Options)) *connect.Client {
	t.Helper()
	options := connect.Options{
		Region: b.opts.Region, BaseEndpoint: aws.String(b.URL()), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(b.opts.AccessKeyID, b.opts.SecretAccessKey, b.opts.SessionToken),
		HTTPClient:  &http.Client{Transport: modelCheck{t, b.Server}},
	}
	change(&options)
	return connect.New(options)
}

// modelCheck fails the test when an answer has a member that the model has not,
// or lacks one that it requires.
type modelCheck struct {
	t *testing.T
	s *Server
}

func (m modelCheck) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	op := m.s.ops[awsmiddleware.GetOperationName(r.Context())]
	if op == nil || len(body) == 0 {
		return resp, nil
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		m.t.Errorf("%s: %v", op.name, err)
	}
	if err := op.answer.check("", answer); err != nil {
		m.t.Errorf("%s answers %s: %v", op.name, body, err)
	}
	for _, stray := range op.answer.strays("", answer) {
		m.t.Errorf("%s answers with %s, which the model has not", op.name, stray)
	}
	return resp, nil
}

// strays lists the members of a value that the shape has not.
func (s *shape) strays(path string, value any) []string {
	var found []string
	switch v := value.(type) {
	case map[string]any:
		if s.kind == "map" {
			return nil
		}
		for name, inner := range v {
			member := s.members[name]
			if member == nil {
				found = append(found, path+"."+name)
				continue
			}
			found = append(found, member.strays(path+"."+name, inner)...)
		}
	case []any:
		for i, inner := range v {
			if s.item == nil {
				return append(found, path+"[]")
			}
			found = append(found, s.item.strays(fmt.Sprintf("%s[%d]", path, i), inner)...)
		}
	}
	return found
}

// refused checks the kind of error that the client understood.
func refused(t *testing.T, err error, want string) {
	t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func (b *bench) call(t *testing.T, in sim.Incoming) {
	t.Helper()
	if answer := b.World().Arrive(in); !answer.Accepted {
		t.Fatalf("call %s: %+v", in.ID, answer)
	}
}

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
