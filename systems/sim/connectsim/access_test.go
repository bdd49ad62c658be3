package connectsim

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect"

	"github.com/dualtone/dualtone/systems/sim"
)

func TestOnlyTheRightSignatureIsServed(t *testing.T) {
	t.Parallel()
	b := start(t, Options{SessionToken: "session"}, Population{})
	tests := []struct {
		promise, key, secret, session, region, want string
	}{
		{"the right key is served", DefaultKey, DefaultSecret, "session", "us-east-1", ""},
		{"another secret signs differently", DefaultKey, "other", "session", "us-east-1", "InvalidSignatureException"},
		{"an unknown key is refused", "AKIAOTHER", DefaultSecret, "session", "us-east-1", "UnrecognizedClientException"},
		{"a session without its token is refused", DefaultKey, DefaultSecret, "", "us-east-1", "UnrecognizedClientException"},
		{"another region's signature is refused", DefaultKey, DefaultSecret, "session", "eu-west-1", "InvalidSignatureException"},
	}
	for _, tt := range tests {
		t.Run(tt.promise, func(t *testing.T) {
			t.Parallel()
			client := b.clientWith(t, func(o *connect.Options) {
				o.Region = tt.region
				o.Credentials = credentials.NewStaticCredentialsProvider(tt.key, tt.secret, tt.session)
			})
			_, err := client.DescribeInstance(t.Context(), &connect.DescribeInstanceInput{InstanceId: b.id})
			if tt.want == "" {
				done(t, err)
				return
			}
			refused(t, err, tt.want)
		})
	}
}

func TestAnUnsignedRequestIsRefused(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL()+"/instance/"+b.InstanceID(), http.NoBody)
	done(t, err)
	resp, err := http.DefaultTransport.RoundTrip(r)
	done(t, err)
	defer resp.Body.Close() //nolint:errcheck // only the header is of interest
	if got := resp.Header.Get("X-Amzn-Errortype"); resp.StatusCode != http.StatusForbidden || got != "MissingAuthenticationTokenException" {
		t.Errorf("got %d %s", resp.StatusCode, got)
	}
}

func TestAnotherInstanceIsNotFound(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{})
	_, err := b.client.DescribeInstance(t.Context(), &connect.DescribeInstanceInput{InstanceId: aws.String("other")})
	refused(t, err, "ResourceNotFoundException")
	_, err = b.client.SearchUsers(t.Context(), &connect.SearchUsersInput{InstanceId: aws.String("other")})
	refused(t, err, "ResourceNotFoundException")
	_, err = b.client.ListUsers(t.Context(), &connect.ListUsersInput{InstanceId: aws.String(b.InstanceARN())})
	done(t, err)
}

func TestAPolicyMayDenyAnOperation(t *testing.T) {
	t.Parallel()
	b := start(t, Options{Denied: []string{"ListUsers"}}, Population{})
	_, err := b.client.ListUsers(t.Context(), &connect.ListUsersInput{InstanceId: b.id})
	refused(t, err, "AccessDeniedException")
}

func TestTwoRequestsASecondAndFiveAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t, Options{Rates: PublishedRates()}, Population{})
	ask := func() error {
		_, err := b.client.ListUsers(t.Context(), &connect.ListUsersInput{InstanceId: b.id})
		return err
	}
	for range 5 {
		done(t, ask())
	}
	refused(t, ask(), "TooManyRequestsException")
	_, err := b.client.ListQueues(t.Context(), &connect.ListQueuesInput{InstanceId: b.id})
	done(t, err) // each operation has its own
	b.clock.Advance(time.Second)
	done(t, ask())
	done(t, ask())
	refused(t, ask(), "TooManyRequestsException")
}

func TestFaultsAreWordedAsTheServiceWordsThem(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, Population{People: 1})
	ask := func() error {
		_, err := b.client.DescribeUser(t.Context(), &connect.DescribeUserInput{InstanceId: b.id, UserId: &b.Users[0]})
		return err
	}
	for kind, want := range map[sim.FaultKind]string{
		sim.Refused:   "ServiceUnavailableException",
		sim.Throttled: "ThrottlingException",
		sim.Expired:   "ExpiredTokenException",
		sim.Failed:    "InternalServiceException",
	} {
		b.World().Faults.Inject(sim.Fault{Kind: kind, Op: "DescribeUser", About: b.Users[0]})
		refused(t, ask(), want)
		done(t, ask())
	}
	for _, kind := range []sim.FaultKind{sim.CutShort, sim.AnswerLost} {
		// The Go client asks again by itself when a connection breaks without a word.
		b.World().Faults.Inject(sim.Fault{Kind: kind, Count: -1})
		if ask() == nil {
			t.Errorf("%s: got an answer", kind)
		}
		b.World().Faults.Clear()
		done(t, ask())
	}
}
