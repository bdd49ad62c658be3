package cutovertest

import (
	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

// Agent is somebody on the old side in two queues, with an account everywhere.
func Agent() dualtone.Person {
	return dualtone.Person{
		ID: "E100", Name: "Ann Agent", Extension: "1001", Numbers: []dualtone.Number{"+12125551001"},
		Accounts: dualtone.Accounts{CRM: "005", Old: "1001", New: "u-1001"},
	}
}

// Before is how Agent looks before they are moved.
func Before() cutover.Image {
	return cutover.Image{
		cutover.Softphone: {Softphone: &dualtone.Softphone{CallCenter: "04vOld", AutoLogin: true, PermissionSets: []string{"Console"}}},
		cutover.Routes: {Routes: []routing.Route{
			{Number: "+12125551001", Person: "E100", Sides: []dualtone.Side{dualtone.Old}},
		}},
		cutover.OldSeat:    {Seat: &dualtone.Seat{Enabled: true}},
		cutover.OldForward: {Forward: &dualtone.Forward{Detail: map[string]string{"css": "internal"}}},
		cutover.OldOffering: {Offering: &dualtone.Offering{Memberships: []dualtone.Membership{
			{Queue: "sales", Penalty: 2, Device: "Local/1001@from-queue/n", StateDevice: "hint:1001@ext-local", Label: "Ann Agent"},
			{Queue: "support", Device: "Local/1001@from-queue/n", Paused: true, PauseReason: "training"},
		}}},
		cutover.NewSeat:     {Seat: &dualtone.Seat{Enabled: false, Licenses: []string{"Parked"}}},
		cutover.NewForward:  {Forward: &dualtone.Forward{}},
		cutover.NewOffering: {Offering: &dualtone.Offering{Profile: "parked"}},
	}
}

// Migration is the migration in which Agent is moved.
func Migration() cutover.Migration {
	return cutover.Migration{
		OldCallCenter: "04vOld", NewCallCenter: "04vNew",
		PermissionSets: []string{"Cloud Telephony"}, Licenses: []string{"Agent"},
		Queues: map[dualtone.QueueID]dualtone.QueueID{"sales": "q-sales", "support": "q-support"},
		Reach:  "88{extension}",
	}
}

// CallCenters are the two records of the CRM.
func CallCenters() []dualtone.CallCenter {
	return []dualtone.CallCenter{
		{ID: "04vOld", Name: "PBX", Internal: "PBX", AdapterURL: "https://pbx.example.com/adapter"},
		{ID: "04vNew", Name: "Cloud", Internal: "Cloud", AdapterURL: "https://cloud.example.com/adapter"},
	}
}
