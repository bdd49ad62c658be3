package plan

// Gates decide whether the cutover goes on. They are named by stages.
type Gates struct {
	// Precheck is asked for each user, before anything is written.
	Precheck []Precheck `json:"precheck,omitempty"`
	// Health is measured while a stage soaks.
	Health []HealthGate `json:"health,omitempty"`
	// Reconcile compares both systems with each other.
	Reconcile []Reconcile `json:"reconcile,omitempty"`
}

// GateGroup is one of the three kinds of gates.
type GateGroup string

// The gate groups.
const (
	PrecheckGates  GateGroup = "precheck"
	HealthGates    GateGroup = "health"
	ReconcileGates GateGroup = "reconcile"
)

// Words lists those that are known.
func (GateGroup) Words() []string { return texts(PrecheckGates, HealthGates, ReconcileGates) }

// Precheck is one check of a user.
type Precheck struct {
	Check  Check    `json:"check"`
	OnFail UserFail `json:"on_fail,omitempty"`
	// MaxAge is how old the evidence may be.
	MaxAge Duration `json:"max_age,omitzero"`
	// Wait is how long the check may take to become true.
	Wait      Duration `json:"wait,omitzero"`
	OnTimeout UserFail `json:"on_timeout,omitempty"`
}

// Check is something that must hold before a user is switched.
type Check string

// The checks.
const (
	BeforeImageComplete    Check = "before_image_complete"
	RestoreRehearsed       Check = "restore_rehearsed" // a canary went out and came back
	E911LocationPresent    Check = "e911_location_present"
	NewSeatAndNumberReady  Check = "new_seat_and_number_ready"
	DependencyClosure      Check = "dependency_closure" // no group is split
	NotOnCallAndWrapped    Check = "not_on_call_and_wrapped"
	SoftphoneLayoutPresent Check = "softphone_layout_present"
)

// Words lists those that are known.
func (Check) Words() []string {
	return texts(BeforeImageComplete, RestoreRehearsed, E911LocationPresent, NewSeatAndNumberReady,
		DependencyClosure, NotOnCallAndWrapped, SoftphoneLayoutPresent)
}

// UserFail is what a failed check does.
type UserFail string

// What a failed check does.
const (
	SkipUser   UserFail = "skip_user"
	DeferUser  UserFail = "defer_user" // to the next window
	BlockStage UserFail = "block_stage"
)

// Words lists those that are known.
func (UserFail) Words() []string { return texts(SkipUser, DeferUser, BlockStage) }

// HealthGate is a metric and what it must keep to: a comparison with the
// baseline or a threshold.
type HealthGate struct {
	Name string `json:"name"`
	// Metric is the gate's name when it is empty.
	Metric    Metric     `json:"metric,omitempty"`
	Compare   *Compare   `json:"compare,omitempty"`
	Threshold *Threshold `json:"threshold,omitempty"`
	// Window is the time over which the metric is measured.
	Window     GateWindow `json:"window" want:"write over which time it is measured, as in window: 60m"`
	MinSamples int        `json:"min_samples" want:"write how many calls make a measurement, as in min_samples: 100"`
	// OnNoData is what fewer samples do. They never pass.
	OnNoData NoData `json:"on_no_data" want:"write on_no_data: hold, since no data never passes"`
	// FailAfter is how many measurements in a row must fail; 1 when it is left out.
	FailAfter int      `json:"fail_after,omitempty"`
	OnFail    GateFail `json:"on_fail" want:"write on_fail: hold, rollback_stage or block"`
	// ObserveOnly gates are measured and shown, and decide nothing.
	ObserveOnly bool `json:"observe_only,omitempty"`
}

// Metric is a figure of the calls or the softphones.
type Metric string

// The metrics.
const (
	AnsweredRate     Metric = "answered-rate"
	AbandonRate      Metric = "abandon-rate"
	ServiceLevel     Metric = "service-level"
	AHT              Metric = "aht"
	ASA              Metric = "asa"
	ACW              Metric = "acw"
	CallVolume       Metric = "call-volume"
	ScreenPopMatch   Metric = "screen-pop-match"
	AdapterErrors    Metric = "adapter-errors"
	UnaccountedCalls Metric = "unaccounted-calls"
	DoubleOffers     Metric = "double-offers"
	MOSP10           Metric = "mos-p10"
	UnmappedWrapUps  Metric = "unmapped-wrap-ups"
)

// Words lists those that are known.
func (Metric) Words() []string {
	return texts(AnsweredRate, AbandonRate, ServiceLevel, AHT, ASA, ACW, CallVolume, ScreenPopMatch,
		AdapterErrors, UnaccountedCalls, DoubleOffers, MOSP10, UnmappedWrapUps)
}

// Unit is the unit of a metric's values.
func (m Metric) Unit() Unit {
	switch m {
	case AnsweredRate, AbandonRate, ServiceLevel, ScreenPopMatch, AdapterErrors:
		return InPercent
	case AHT, ASA, ACW:
		return InTime
	default:
		return InNumbers
	}
}

// OfSide reports whether a metric is a figure of one side, which can be held against
// that of the other.
func (m Metric) OfSide() bool { return m != UnaccountedCalls && m != DoubleOffers }

// Summed reports whether the sums over the call log tell the metric.
func (m Metric) Summed() bool {
	switch m {
	case AdapterErrors, UnaccountedCalls, DoubleOffers, MOSP10, UnmappedWrapUps:
		return false
	default:
		return true
	}
}

// Compare is how far a metric may be from the baseline. A change in percent is a
// part of the baseline's value; one in pp is a difference of two percentages.
type Compare struct {
	To      Reference `json:"to"`
	MaxDrop *Change   `json:"max_drop,omitempty"`
	MaxRise *Change   `json:"max_rise,omitempty"`
}

// Reference is what a metric is compared with.
type Reference string

// The references.
const (
	ToBaseline Reference = "baseline"
	ToOldSide  Reference = "old_side" // the old side at the same time
)

// Words lists those that are known.
func (Reference) Words() []string { return texts(ToBaseline, ToOldSide) }

// Threshold is what a metric must be at least or at most.
type Threshold struct {
	Min *Level `json:"min,omitempty"`
	Max *Level `json:"max,omitempty"`
}

// NoData is what a gate without enough samples does.
type NoData string

// What no data does. There is no pass among them.
const (
	HoldOnNoData NoData = "hold"
	FailOnNoData NoData = "fail"
)

// Words lists those that are known.
func (NoData) Words() []string { return texts(HoldOnNoData, FailOnNoData) }

// GateFail is what a failed gate does.
type GateFail string

// What a failed gate does.
const (
	HoldPlan      GateFail = "hold"           // somebody decides, and may override it
	RollBackStage GateFail = "rollback_stage" // by itself, where rollback.on_gate_fail says so
	Block         GateFail = "block"          // nobody may override it
)

// Words lists those that are known.
func (GateFail) Words() []string { return texts(HoldPlan, RollBackStage, Block) }

// Reconcile is one comparison of both systems.
type Reconcile struct {
	Diff Diff `json:"diff"`
	// MaxUnexplained is how many differences of users may be left open.
	MaxUnexplained *int `json:"max_unexplained,omitempty"`
	// MatchWindow is how far the times of two records of one call may lie apart.
	MatchWindow  Duration      `json:"match_window,omitzero"`
	MaxUnmatched *Percent      `json:"max_unmatched,omitempty"`
	Explain      []Explanation `json:"explain,omitempty"`
	// MaxAge is how old the comparison may be.
	MaxAge Duration `json:"max_age" want:"write how old a comparison may be, as in max_age: 24h"`
	// OnFail is hold when it is left out.
	OnFail GateFail `json:"on_fail,omitempty"`
}

// Diff is what is compared.
type Diff string

// The diffs.
const (
	UserState Diff = "user_state"
	CallLog   Diff = "call_log"
)

// Words lists those that are known.
func (Diff) Words() []string { return texts(UserState, CallLog) }

// Explanation is a kind of difference that is no loss.
type Explanation string

// The explanations.
const (
	RingNoAnswer  Explanation = "ring_no_answer"
	TransferLeg   Explanation = "transfer_leg"
	ConsultLeg    Explanation = "consult_leg"
	ForwardedLeg  Explanation = "forwarded_leg"
	IntervalEdge  Explanation = "interval_edge"
	InternalCalls Explanation = "internal_call"
)

// Words lists those that are known.
func (Explanation) Words() []string {
	return texts(RingNoAnswer, TransferLeg, ConsultLeg, ForwardedLeg, IntervalEdge, InternalCalls)
}
