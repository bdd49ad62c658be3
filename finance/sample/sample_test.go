package sample

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

func on(text string) finance.Day { return finance.DayOf(at(text + " 12:00")) }

func course() *Course {
	return &Course{
		Plan: cost.Plan{Old: "pbx", New: "cloud"}, Zone: time.FixedZone("east", 2*3600),
		Planned: map[string]finance.Day{"w1": on("2027-03-02")}, Expected: map[string]finance.Day{"w1": on("2027-03-09")},
	}
}

func TestFactsFollowWhatTheWorkflowsWrote(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		person Person
		want   cost.User
	}{
		"who waits for the switch": {
			Person{Stage: "w1", Waiting: true, Old: at("2026-01-05 08:00")},
			cost.User{Stage: "w1", Planned: on("2027-03-02"), Expected: on("2027-03-09"), Seats: []cost.Seat{{System: "pbx", From: on("2026-01-05")}}},
		},
		"whose new seat was there before the switch": {
			Person{
				Old: at("2026-01-05 08:00"), New: at("2027-02-15 08:00"), Reached: []Reached{{at("2027-03-02 19:00"), dualtone.New}},
				Seats: []Seen{
					{At: at("2027-03-02 18:00"), Side: dualtone.Old, Enabled: true, Found: true, Licenses: []string{"Agent"}},
					{At: at("2027-03-02 18:00"), Side: dualtone.New, Enabled: true, Found: true},
				},
			},
			cost.User{
				Seats:    []cost.Seat{{System: "pbx", License: "Agent", From: on("2026-01-05")}, {System: "cloud", From: on("2027-02-15")}},
				Switches: []cost.Switch{{Day: on("2027-03-02"), To: dualtone.New}},
			},
		},
		"whose new seat the switch gave, and whose old one was let go of": {
			Person{
				Old: at("2026-01-05 08:00"), New: at("2027-02-15 08:00"), Reached: []Reached{{at("2027-03-02 19:00"), dualtone.New}},
				Seats: []Seen{
					{At: at("2027-03-02 18:00"), Side: dualtone.New, Found: true},
					{At: at("2027-03-02 18:30"), Side: dualtone.New, Enabled: true, Licenses: []string{"Basic", "Voice"}},
					{At: at("2027-03-16 09:00"), Side: dualtone.Old},
				},
			},
			cost.User{
				Seats: []cost.Seat{
					{System: "pbx", From: on("2026-01-05"), To: on("2027-03-16")},
					{System: "cloud", License: "Basic", From: on("2027-03-02")},
					{System: "cloud", License: "Voice", From: on("2027-03-02")},
				},
				Switches: []cost.Switch{{Day: on("2027-03-02"), To: dualtone.New}},
			},
		},
		"who went and came back on one day, and went again by night": {
			Person{Reached: []Reached{
				{at("2027-03-02 09:00"), dualtone.New}, {at("2027-03-02 11:00"), dualtone.Old}, {at("2027-03-03 22:30"), dualtone.New},
			}},
			cost.User{Switches: []cost.Switch{{Day: on("2027-03-04"), To: dualtone.New}}}, // where the plan is, it is the next day
		},
		"whose switch failed and was taken back": {
			Person{Reached: []Reached{{at("2027-03-02 09:00"), dualtone.Old}}},
			cost.User{},
		},
	} {
		if diff := cmp.Diff(c.want, course().User(&c.person)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
