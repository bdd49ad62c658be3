package statement

import (
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

// worded is a column of codes for which people read words.
func worded(key, name string, words document.Vocabulary) document.Column {
	return document.Column{Key: key, Name: name, Words: words}
}

func term[T ~string](code T, words, meaning string) document.Term {
	return document.Term{Code: string(code), Words: words, Meaning: meaning}
}

func roundings() document.Vocabulary {
	return document.Vocabulary{
		term(finance.HalfUp, "half up", "Rounding: half of the currency's last digit is rounded away from zero, as invoices are."),
		term(finance.HalfEven, "half to even", "Rounding: half of the currency's last digit is rounded to the even digit."),
	}
}

func policies() document.Vocabulary {
	return document.Vocabulary{
		term(finance.ChargeDate, "of the day of the charge", "Rates of exchange: that of the day of the charge, or the latest before it where none is published, as on a Sunday."),
		term(finance.MonthAverage, "average of the month", "Rates of exchange: the mean of the rates of the charge's month."),
		term(finance.Closing, "last of the month", "Rates of exchange: the last rate of the charge's month."),
	}
}

func kinds() document.Vocabulary {
	return document.Vocabulary{
		term(contract.License, "seat license", "What is paid for: the seats of people, or of a commitment to so many."),
		term(contract.Support, "support", "What is paid for: support of a system."),
		term(contract.Trunk, "trunk", "What is paid for: trunks into a system."),
		term(contract.Number, "phone number", "What is paid for: numbers of a system."),
		term(contract.Team, "team", "What is paid for: people who run a system."),
		term(contract.Hairpin, "minutes of extra legs", "What is paid for: minutes of calls that one system sent on to the other."),
	}
}

func prorations() document.Vocabulary {
	return document.Vocabulary{
		term(contract.Calendar, "days of the month", "Proration: a day costs the month's price over the days of the month."),
		term(contract.Actual, "days of the year", "Proration: a day costs the year's price over the days of the year of the term."),
		term(contract.Thirty, "months of 30 days", "Proration: a day costs the month's price over 30."),
	}
}

func findings() document.Vocabulary {
	return document.Vocabulary{
		term(cost.Agrees, "agrees", "The invoice has what the contract makes of the seats that people held, and of its fixed items and minutes."),
		term(cost.OverBilled, "billed too much", "The invoice has more than the contract makes of it."),
		term(cost.UnderBilled, "billed too little", "The invoice has less than the contract makes of it."),
		term(cost.UnknownItem, "not in the contract", "The invoice bills an item that the contract does not have."),
		term(cost.OtherMoney, "other currency", "The invoice is in another currency than the contract."),
		term(cost.BilledTwice, "billed twice", "Days of the line are on another line of the same item already."),
		term(cost.Withdrawn, "withdrawn", "The line was on an invoice when its month was closed, and is on none any more."),
	}
}

func reasons() document.Vocabulary {
	return document.Vocabulary{
		term(cost.NoticeMissed, "notice missed", "Cash jumps: the last notice day passes before anybody can give notice, and the contract goes on by itself."),
		term(cost.StillNeeded, "still needed", "Cash jumps: people are still served by the system when its contract ends, so that it must go on."),
	}
}

func warned() document.Vocabulary {
	return document.Vocabulary{
		term(cost.OverBudget, "over budget", "Warning: the forecast of waste is over the plan's budget by more than the plan allows."),
		term(cost.NoticeNear, "notice is due", "Warning: the last notice day is as near as the plan wants to be told."),
	}
}

func noticeStates() document.Vocabulary {
	return document.Vocabulary{
		term(cost.NoticeOpen, "open", "Notice can still be given in time."),
		term(cost.NoticeGiven, "given", "Notice was given in time."),
		term(cost.NoticePassed, "too late", "The last notice day has passed without notice: the contract goes on by itself."),
		term(cost.NoNotice, "ends by itself", "The contract ends without notice."),
	}
}
