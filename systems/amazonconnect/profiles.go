package amazonconnect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"

	"github.com/dualtone/dualtone"
)

// routingProfiles knows the instance's routing profiles: all their names and
// queues at once, and the ranks of the queues of those that were looked at.
type routingProfiles struct {
	*client

	parked string
	fresh  time.Duration
	all    *cached[[]types.RoutingProfile]

	mu       sync.Mutex
	contents map[string]*cached[[]dualtone.Membership]
}

func newRoutingProfiles(c *client, config Config) *routingProfiles {
	r := &routingProfiles{
		client: c, parked: config.ParkedRoutingProfile, fresh: config.Cache,
		contents: map[string]*cached[[]dualtone.Membership]{},
	}
	r.all = newCached(c, config.Cache, r.load)
	return r
}

// load makes one request for 500 profiles. Only the search tells their queues.
func (r *routingProfiles) load(ctx context.Context) ([]types.RoutingProfile, error) {
	return gather(pages(func(token *string) ([]types.RoutingProfile, *string, error) {
		out, err := do(ctx, r.client, r.api.SearchRoutingProfiles, &connect.SearchRoutingProfilesInput{
			InstanceId: r.instance, MaxResults: aws.Int32(userPage), NextToken: token,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.RoutingProfiles, out.NextToken, nil
	}))
}

// forget makes the next reader look at everything again.
func (r *routingProfiles) forget() {
	r.all.forget()
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.contents)
}

// memberships are those that the profile gives its users.
func (r *routingProfiles) memberships(ctx context.Context, id string) ([]dualtone.Membership, error) {
	r.mu.Lock()
	entry := r.contents[id]
	if entry == nil {
		entry = newCached(r.client, r.fresh, func(ctx context.Context) ([]dualtone.Membership, error) { return r.read(ctx, id) })
		r.contents[id] = entry
	}
	r.mu.Unlock()
	memberships, err := entry.get(ctx)
	return slices.Clone(memberships), err
}

const profilePage = 100

func (r *routingProfiles) read(ctx context.Context, id string) ([]dualtone.Membership, error) {
	list := pages(func(token *string) ([]types.RoutingProfileQueueConfigSummary, *string, error) {
		out, err := do(ctx, r.client, r.api.ListRoutingProfileQueues, &connect.ListRoutingProfileQueuesInput{
			InstanceId: r.instance, RoutingProfileId: aws.String(id), MaxResults: aws.Int32(profilePage), NextToken: token,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.RoutingProfileQueueConfigSummaryList, out.NextToken, nil
	})
	var memberships []dualtone.Membership
	for q, err := range list {
		if err != nil {
			return nil, err
		}
		if q.Channel == types.ChannelVoice {
			memberships = append(memberships, dualtone.Membership{Queue: dualtone.QueueID(aws.ToString(q.QueueId)), Penalty: penalty(q)})
		}
	}
	return memberships, nil
}

// secondPriority is the rank of a queue of priority 2 without delay; a delay
// has up to four digits.
const secondPriority = 10000

// penalty is the rank of a queue in a profile: 0 for priority 1 without delay,
// the delay in seconds within a priority.
func penalty(q types.RoutingProfileQueueConfigSummary) int {
	return (int(aws.ToInt32(q.Priority))-1)*secondPriority + int(q.Delay)
}

// named returns the profile of that id or name.
func (r *routingProfiles) named(ctx context.Context, profile string) (types.RoutingProfile, error) {
	is := func(p types.RoutingProfile) bool {
		return aws.ToString(p.RoutingProfileId) == bare(profile) || aws.ToString(p.Name) == profile
	}
	for range 2 {
		all, err := r.all.get(ctx)
		if err != nil {
			return types.RoutingProfile{}, err
		}
		if i := slices.IndexFunc(all, is); i >= 0 {
			return all[i], nil
		}
		r.all.forget()
	}
	return types.RoutingProfile{}, fmt.Errorf("%s: there is no routing profile %q: %w", r.name, profile, dualtone.ErrInvalid)
}

// sure asks once more, without what is remembered, before it refuses.
func (r *routingProfiles) sure(find func() (dualtone.Offering, error)) (dualtone.Offering, error) {
	o, err := find()
	if errors.Is(err, dualtone.ErrInvalid) {
		r.forget()
		return find()
	}
	return o, err
}

// fitting returns the offering of the profile that gives exactly these queues:
// the one that the user has already if it does, else the only one that does.
func (r *routingProfiles) fitting(ctx context.Context, has string, queues []dualtone.QueueID) (dualtone.Offering, error) {
	return r.sure(func() (dualtone.Offering, error) { return r.fit(ctx, has, queues) })
}

func (r *routingProfiles) fit(ctx context.Context, has string, queues []dualtone.QueueID) (dualtone.Offering, error) {
	if len(queues) == 0 && r.parked != "" {
		p, err := r.named(ctx, r.parked)
		if err != nil {
			return dualtone.Offering{}, err
		}
		return r.match(ctx, aws.ToString(p.RoutingProfileId), queues)
	}
	if has != "" {
		memberships, err := r.memberships(ctx, has)
		if err != nil {
			return dualtone.Offering{}, err
		}
		if sameQueues(memberships, queues) {
			return dualtone.Offering{Profile: has, Memberships: memberships}, nil
		}
	}
	all, err := r.all.get(ctx)
	if err != nil {
		return dualtone.Offering{}, err
	}
	var fits []dualtone.Offering
	var names []string
	for _, p := range all {
		if !covers(p.AssociatedQueueIds, queues) {
			continue
		}
		// A profile may take only chats from one of its queues.
		memberships, err := r.memberships(ctx, aws.ToString(p.RoutingProfileId))
		if err != nil {
			return dualtone.Offering{}, err
		}
		if sameQueues(memberships, queues) {
			fits = append(fits, dualtone.Offering{Profile: aws.ToString(p.RoutingProfileId), Memberships: memberships})
			names = append(names, aws.ToString(p.Name))
		}
	}
	switch len(fits) {
	case 1:
		return fits[0], nil
	case 0:
		return dualtone.Offering{}, fmt.Errorf("%s: no routing profile has exactly the queues %v%s: %w",
			r.name, queues, near(all, queues), dualtone.ErrInvalid)
	default:
		return dualtone.Offering{}, fmt.Errorf("%s: routing profiles %s all have exactly the queues %v, name one: %w",
			r.name, strings.Join(names, ", "), queues, dualtone.ErrInvalid)
	}
}

// exactly returns the offering of the profile if it gives these queues and no
// others.
func (r *routingProfiles) exactly(ctx context.Context, id string, queues []dualtone.QueueID) (dualtone.Offering, error) {
	return r.sure(func() (dualtone.Offering, error) { return r.match(ctx, id, queues) })
}

func (r *routingProfiles) match(ctx context.Context, id string, queues []dualtone.QueueID) (dualtone.Offering, error) {
	memberships, err := r.memberships(ctx, id)
	if err != nil {
		return dualtone.Offering{}, err
	}
	if sameQueues(memberships, queues) {
		return dualtone.Offering{Profile: id, Memberships: memberships}, nil
	}
	return dualtone.Offering{}, fmt.Errorf("%s: routing profile %s has the queues %v and not %v: %w",
		r.name, id, queuesOf(memberships), queues, dualtone.ErrInvalid)
}

func queuesOf(memberships []dualtone.Membership) []dualtone.QueueID {
	queues := make([]dualtone.QueueID, 0, len(memberships))
	for _, m := range memberships {
		queues = append(queues, m.Queue)
	}
	slices.Sort(queues)
	return slices.Compact(queues)
}

func sameQueues(memberships []dualtone.Membership, queues []dualtone.QueueID) bool {
	wanted := slices.Clone(queues)
	slices.Sort(wanted)
	return slices.Equal(queuesOf(memberships), slices.Compact(wanted))
}

// covers reports whether a profile could have the queues. For none of them, it
// must have none either.
func covers(has []string, queues []dualtone.QueueID) bool {
	for _, q := range queues {
		if !slices.Contains(has, string(q)) {
			return false
		}
	}
	return len(queues) > 0 || len(has) == 0
}

// near names up to three profiles that have most of the queues.
func near(all []types.RoutingProfile, queues []dualtone.QueueID) string {
	shared := map[string]int{}
	for _, p := range all {
		for _, q := range queues {
			if slices.Contains(p.AssociatedQueueIds, string(q)) {
				shared[fmt.Sprintf("%s (%d queues)", aws.ToString(p.Name), len(p.AssociatedQueueIds))]++
			}
		}
	}
	if len(shared) == 0 {
		return ""
	}
	names := slices.SortedFunc(maps.Keys(shared), func(a, b string) int {
		if shared[a] != shared[b] {
			return shared[b] - shared[a]
		}
		return strings.Compare(a, b)
	})
	return "; the nearest are " + strings.Join(names[:min(3, len(names))], ", ")
}
