package salesforce

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

const (
	taskQuery = "SELECT Id, OwnerId, CallType, CallDurationInSeconds, CallDisposition, CallObject, CreatedDate" +
		" FROM Task WHERE TaskSubtype = 'Call' AND CreatedDate >= %s AND CreatedDate < %s ORDER BY CreatedDate"
	voiceQuery = "SELECT Id, UserId, OwnerId, VendorCallKey, CallType, CallDisposition, CallStartDateTime, CallDurationInSeconds," +
		" FromPhoneNumber, ToPhoneNumber, CreatedDate" +
		" FROM VoiceCall WHERE CallStartDateTime >= %s AND CallStartDateTime < %s ORDER BY CallStartDateTime"
	soqlTime = "2006-01-02T15:04:05.000Z"
)

// Calls lists tasks of calls by when they were written, and voice calls by when
// they began. An org without Service Cloud Voice knows no voice calls, and is
// not asked for them where its settings say so.
func (o *org) Calls(ctx context.Context, from, to time.Time) iter.Seq2[dualtone.LoggedCall, error] {
	bounds := []any{from.UTC().Format(soqlTime), to.UTC().Format(soqlTime)}
	lists := []iter.Seq2[dualtone.LoggedCall, error]{list(ctx, o.client, fmt.Sprintf(taskQuery, bounds...), taskRecord.logged)}
	if !o.noVoice {
		lists = append(lists, list(ctx, o.client, fmt.Sprintf(voiceQuery, bounds...), voiceRecord.logged))
	}
	return func(yield func(dualtone.LoggedCall, error) bool) {
		for _, l := range lists {
			for call, err := range l {
				if !yield(call, err) || err != nil {
					return
				}
			}
		}
	}
}

func (r taskRecord) logged() dualtone.LoggedCall {
	took := time.Duration(r.Seconds) * time.Second
	return dualtone.LoggedCall{
		ID: r.ID, Kind: dualtone.TaskCall, Key: r.CallObject, User: dualtone.UserID(r.OwnerID), Way: strings.ToLower(r.CallType),
		Started: r.Created.Add(-took), Duration: took, Result: r.Disposition, Written: r.Created.Time,
	}
}

func (r voiceRecord) logged() dualtone.LoggedCall {
	user := r.UserID
	if user == "" {
		user = r.OwnerID
	}
	return dualtone.LoggedCall{
		ID: r.ID, Kind: dualtone.VoiceCall, Key: r.VendorCallKey, User: dualtone.UserID(user), Way: strings.ToLower(r.CallType),
		Started: r.Started.Time, Duration: time.Duration(r.Seconds) * time.Second,
		From: r.From, To: r.To, Result: r.Disposition, Written: r.Created.Time,
	}
}
