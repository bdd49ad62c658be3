package statement

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

// late tells of contracts that go on since nobody gave notice.
func late(all []cost.Notice) string {
	var text strings.Builder
	for i := range all {
		if n := &all[i]; n.State == cost.NoticePassed {
			fmt.Fprintf(&text, " Notice of contract %s is too late since %s: it goes on to %s for %s.", n.Contract, n.Last, n.Until, n.Miss.Grouped())
		}
	}
	return text.String()
}

func (m *maker) notices() (*document.Document, error) {
	n, err := m.engine.Notices(m.request.Question)
	if err != nil {
		return nil, err
	}
	d := m.begin("By when contracts must be ended", &n.Head)
	d.Decision = "No notice is open."
	for i := range n.Notices {
		if next := &n.Notices[i]; next.State == cost.NoticeOpen {
			d.Decision = fmt.Sprintf("Give notice of contract %s by %s, in %s, or it goes on to %s for %s.", next.Contract, next.Last, next.Left(), next.Until, next.Miss.Grouped())
			d.Figures = []document.Figure{
				figure(text("next_contract", "Next notice"), word(next.Contract)),
				figure(date("next_notice", "Last day for it"), on(next.Last)),
				figure(quantity("days_left", "Days left"), count(next.DaysLeft)),
				figure(money("miss_cost", "Missing it costs", next.Miss.Currency), paid(next.Miss)),
			}
			break
		}
	}
	d.Decision += late(n.Notices)
	rows := make([][]document.Cell, len(n.Notices))
	for i := range n.Notices {
		v := &n.Notices[i]
		left := count(v.DaysLeft)
		if v.Last == 0 || v.State == cost.NoticeGiven {
			left = document.Cell{}
		}
		rows[i] = []document.Cell{
			word(v.Contract), word(v.System), word(v.Side), word(v.Supplier), word(v.Owner), on(v.End), word(v.Period), on(v.Last), left,
			word(v.State), on(v.Given), on(v.Expected), word(v.Renewal), on(v.Until), own(v.Miss),
		}
	}
	d.Tables = []document.Table{{
		Name: "notices", Title: "Notices, the next one first", Rows: document.Of(rows...),
		Columns: []document.Column{
			text("contract", "Contract"), text("system", "System"), text("side", "Side"), text("supplier", "Supplier"), text("owner", "Owner"),
			date("end", "Contract end"), text("period", "Notice period"), date("last_notice_day", "Last notice day"), quantity("days_left", "Days left"),
			worded("state", "State", noticeStates()), date("given", "Given on"), date("expected", "Plan gives it on"),
			text("renewal", "Renews for"), date("until", "Renewed until"), mixed("miss_cost", "Missing it costs", 0),
		},
	}}
	return d, nil
}
