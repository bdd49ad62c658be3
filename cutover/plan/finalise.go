package plan

// Finalise is the point of no return. It never begins by itself.
type Finalise struct {
	After     []StageID     `json:"after"`
	NotBefore NotBefore     `json:"not_before" want:"write not_before: {after_last_switch: 14d}"`
	Require   []Requirement `json:"require"`
	Approve   Approval      `json:"approve" want:"write approve: {need: 2, roles: [cutover-approver, finance-owner]}"`
	Actions   []FinalAction `json:"actions"`
}

// NotBefore is how long to wait at least.
type NotBefore struct {
	AfterLastSwitch Duration `json:"after_last_switch"`
}

// Requirement is something that must hold at the point of no return; some hold
// for a time, as in "no_calls_on_old: 7d".
type Requirement struct { //nolint:recvcheck // Read through a pointer, written as a value.
	Name Requires
	For  Duration
}

// Requires is the name of a requirement.
type Requires string

// The requirements.
const (
	FreshReconcile     Requires = "reconcile"
	NoOpenHolds        Requires = "no_open_holds"
	EvidencePackSigned Requires = "evidence_pack_signed"
	NoCallsOnOld       Requires = "no_calls_on_old"
	OldTrunkKept       Requires = "old_trunk_kept"
)

// Words lists those that are known.
func (Requires) Words() []string {
	return texts(FreshReconcile, NoOpenHolds, EvidencePackSigned, NoCallsOnOld, OldTrunkKept)
}

// FinalAction is what cannot be taken back.
type FinalAction string

// The final actions.
const (
	ReleaseOldSeats      FinalAction = "release_old_seats"
	GiveNoticeOldSupport FinalAction = "give_notice_old_support"
	GiveNoticeOldTrunks  FinalAction = "give_notice_old_trunks"
	ArchiveBeforeImages  FinalAction = "archive_before_images"
)

// Words lists those that are known.
func (FinalAction) Words() []string {
	return texts(ReleaseOldSeats, GiveNoticeOldSupport, GiveNoticeOldTrunks, ArchiveBeforeImages)
}

// Finance is what running both systems may cost.
type Finance struct {
	// Contracts is a file, beside the plan.
	Contracts      string    `json:"contracts,omitempty"`
	PlannedOverlap Overlap   `json:"planned_overlap,omitzero"`
	Budget         *Money    `json:"budget,omitempty"`
	Warn           []Warning `json:"warn,omitempty"`
}

// Overlap is how long a seat is meant to be paid twice.
type Overlap struct {
	BeforeSwitch Duration `json:"before_switch,omitzero"`
	// AfterSwitch is a time, or the stage's soak.
	AfterSwitch AfterSwitch `json:"after_switch,omitzero"`
}

// Warning is when finance is told.
type Warning struct {
	ForecastOver *Percent `json:"forecast_over,omitempty"`
	DaysToNotice *int     `json:"days_to_notice,omitempty"`
}
