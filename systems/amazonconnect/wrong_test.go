package amazonconnect_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/amazonconnect"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

// refusal answers every request in the same way.
type refusal struct {
	status     int
	kind, text string
}

func (r refusal) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: r.status, Request: req, Header: http.Header{"X-Amzn-Errortype": {r.kind}},
		Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"message":%q}`, r.text))),
	}, nil
}

func TestTheServicesRefusalsAreUnderstood(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status     int
		kind, want string
	}{
		{404, "ResourceNotFoundException", "not_found"},
		{400, "InvalidParameterException", "invalid"},
		{400, "InvalidRequestException", "invalid"},
		{429, "LimitExceededException", "invalid"},
		{402, "ServiceQuotaExceededException", "invalid"},
		{409, "DuplicateResourceException", "conflict"},
		{409, "ResourceInUseException", "conflict"},
		{403, "AccessDeniedException", "denied"},
		{403, "InvalidSignatureException", "denied"},
		{403, "UnrecognizedClientException", "denied"},
		{403, "ExpiredTokenException", "denied"},
		{403, "SomethingNew", "denied"},
		{400, "SomethingNew", "invalid"},
		{429, "ThrottlingException", "throttled"},
		{429, "TooManyRequestsException", "throttled"},
		{429, "SomethingNew", "throttled"},
		{500, "InternalServiceException", "unavailable"},
		{503, "ServiceUnavailableException", "unavailable"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d %s is %s", tt.status, tt.kind, tt.want), func(t *testing.T) {
			t.Parallel()
			_, err := opened(t, refusal{tt.status, tt.kind, "the canonical string holds session-secret"}).Health.Check(t.Context())
			if got := dualtone.Kind(err); got != tt.want {
				t.Errorf("%v is %s", err, got)
			}
			if tt.want == "denied" && strings.Contains(err.Error(), "session-secret") {
				t.Errorf("the error quotes what was signed: %v", err)
			}
		})
	}
}

func opened(t *testing.T, transport http.RoundTripper) *systems.Platform {
	t.Helper()
	p, err := amazonconnect.Open(t.Context(), "cloud", decode(amazonconnect.Config{
		Region: "us-east-1", InstanceID: "arn:aws:connect:us-east-1:123456789012:instance/abc", AccessKeyID: "key", SecretAccessKey: "secret",
	}), systems.Deps{Transport: transport})
	done(t, err)
	return p
}

func TestAThrottledRequestWaitsForTheBucket(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{Rates: connectsim.PublishedRates()})
	p := d.open(t, asItIs)
	for _, tt := range []struct {
		ask  func() error
		want time.Duration
	}{
		{func() error { return only(p.Health.Check(t.Context())) }, time.Second},
		{func() error { return drain(p.Records.Records(t.Context(), "")) }, 2 * time.Second},
	} {
		err := tt.ask()
		for range 5 {
			err = errors.Join(err, tt.ask())
		}
		told, ok := errors.AsType[*dualtone.ThrottledError](err)
		if !ok || told.After != tt.want || told.System != "cloud" {
			t.Errorf("got %v, want to wait %s", err, tt.want)
		}
	}
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for promise, spoil := range map[string]func(*amazonconnect.Config){
		"no region":                func(c *amazonconnect.Config) { c.Region = "" },
		"half a key":               func(c *amazonconnect.Config) { c.SecretAccessKey = "" },
		"an endpoint without host": func(c *amazonconnect.Config) { c.Endpoint = "connect" },
		"a day that is none":       func(c *amazonconnect.Config) { c.Records.Since = "yesterday" },
	} {
		config := amazonconnect.Config{Region: "us-east-1", InstanceID: "abc", AccessKeyID: "key", SecretAccessKey: "secret"}
		spoil(&config)
		if _, err := amazonconnect.Open(t.Context(), "cloud", decode(config), systems.Deps{}); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: got %v", promise, err)
		}
	}
}

func TestWithoutKeysTheMachinesOwnSign(t *testing.T) {
	d := newDesk(t, connectsim.Options{})
	t.Setenv("AWS_ACCESS_KEY_ID", connectsim.DefaultKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", connectsim.DefaultSecret)
	p := d.open(t, func(c *amazonconnect.Config) { c.AccessKeyID, c.SecretAccessKey = "", "" })
	done(t, only(p.Health.Check(t.Context())))
}
