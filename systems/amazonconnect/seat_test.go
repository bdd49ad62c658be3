package amazonconnect_test

import (
	"errors"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/amazonconnect"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

func TestASeatThatTheServiceCannotHoldIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	tests := []struct {
		promise string
		parked  string
		to      dualtone.Seat
		want    error
	}{
		{"a disabled user keeps nothing", connectsim.Parked, dualtone.Seat{Licenses: []string{connectsim.AgentRights}}, dualtone.ErrUnsupported},
		{"nobody is disabled without a parked profile", "", dualtone.Seat{}, dualtone.ErrUnsupported},
		{"a parked profile that is not there is a wrong setting", "Nowhere", dualtone.Seat{}, dualtone.ErrInvalid},
		{"an enabled user has something", connectsim.Parked, dualtone.Seat{Enabled: true}, dualtone.ErrInvalid},
		{"an unknown security profile is a wrong seat", connectsim.Parked, dualtone.Seat{Enabled: true, Licenses: []string{"King"}}, dualtone.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.promise, func(t *testing.T) {
			t.Parallel()
			p := d.open(t, func(c *amazonconnect.Config) { c.ParkedSecurityProfile = tt.parked })
			if err := p.Provisioning.SetSeat(t.Context(), d.ann, agent(), tt.to); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestWhoIsParkedCannotSignIn(t *testing.T) {
	t.Parallel()
	d := newDesk(t, connectsim.Options{})
	p := d.open(t, asItIs)
	u, err := p.Directory.User(t.Context(), d.ann)
	done(t, err)
	done(t, d.SignIn(u.Login))
	done(t, p.Provisioning.SetSeat(t.Context(), d.ann, agent(), dualtone.Seat{}))
	if d.SignIn(u.Login) == nil {
		t.Error("a parked agent signed in")
	}
	if u, err = p.Directory.User(t.Context(), d.ann); err != nil || u.Active {
		t.Errorf("user %+v, %v", u, err)
	}
	done(t, p.Provisioning.SetSeat(t.Context(), d.ann, dualtone.Seat{}, agent()))
	done(t, d.SignIn(u.Login))
}
