package plan

// Hard caps: no plan may ask for more, whoever approves it.
const (
	MostConcurrency    = 500
	MostUsersPerMinute = 600
	MostStages         = 200
	MostAPIShare       = 80 * OnePercent
	MostOnNew          = 100 * OnePercent
)

// Limits bound what a cutover does at a time. They may be lowered while it runs,
// and raised up to what was approved.
type Limits struct {
	// Concurrency is how many users are switched at the same time.
	Concurrency int          `json:"concurrency"`
	Rate        Rate         `json:"rate,omitzero"`
	BlastRadius *BlastRadius `json:"blast_radius,omitempty"`
	StopWhen    *StopWhen    `json:"stop_when,omitempty"`
}

// Rate is how fast users are switched.
type Rate struct {
	// UsersPerMinute is 0 for no limit but concurrency.
	UsersPerMinute int `json:"users_per_minute,omitempty"`
	// SalesforceAPIShare is the part of the CRM's daily API requests that the
	// plan may use.
	SalesforceAPIShare Percent `json:"salesforce_api_share,omitzero"`
}

// BlastRadius bounds how much of a queue, skill, site or shift is on the new side.
type BlastRadius struct {
	MaxOnNew Percent     `json:"max_on_new"`
	Per      []Dimension `json:"per"`
	// MinLeftOnOld is how many people of each stay on the old side at least.
	MinLeftOnOld int `json:"min_left_on_old,omitempty"`
	// LiftAfter is the stage that lifts the limit when it has passed.
	LiftAfter StageID `json:"lift_after,omitempty"`
	// Shrink lowers the limit while people have failed.
	Shrink *Shrink `json:"shrink,omitempty"`
}

// Dimension is an attribute by which people work in groups.
type Dimension string

// The dimensions.
const (
	ByQueue    Dimension = "queue"
	BySkill    Dimension = "skill"
	BySite     Dimension = "site"
	ByShift    Dimension = "shift"
	ByTeam     Dimension = "team"
	ByLanguage Dimension = "language"
)

// Words lists those that are known.
func (Dimension) Words() []string {
	return texts(ByQueue, BySkill, BySite, ByShift, ByTeam, ByLanguage)
}

// StopWhen is when the plan holds itself because users fail.
type StopWhen struct {
	FailedUsers Percent `json:"failed_users,omitzero"`
	FailedInRow int     `json:"failed_in_a_row,omitempty"`
	// MinAttempts is how many users must have been tried before the share counts.
	MinAttempts int `json:"min_attempts,omitempty"`
}
