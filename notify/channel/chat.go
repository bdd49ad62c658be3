package channel

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone/cutover/rollout"
)

// Slack's message and its blocks: https://docs.slack.dev/reference/block-kit/blocks
type (
	slackText struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	slackBlock struct {
		Type   string      `json:"type"`
		Text   *slackText  `json:"text,omitempty"`
		Fields []slackText `json:"fields,omitempty"`
	}
	slackBody struct {
		// Text is what shows where blocks do not.
		Text   string       `json:"text"`
		Blocks []slackBlock `json:"blocks"`
	}
)

// The most that Slack takes of a header and of a text.
const (
	slackHeader = 150
	slackLength = 2900
)

func slackMessage(e rollout.Event) slackBody {
	head := headline(e)
	body := slackBody{Text: slackSafe(head), Blocks: []slackBlock{{Type: "header", Text: &slackText{"plain_text", cut(mark(e)+head, slackHeader)}}}}
	var fields []slackText
	for _, f := range facts(e) {
		fields = append(fields, slackText{"mrkdwn", cut(fmt.Sprintf("*%s*\n%s", f.name, slackSafe(f.value)), slackLength)})
	}
	body.Blocks = append(body.Blocks, slackBlock{Type: "section", Fields: fields})
	if len(e.Next) > 0 {
		text := "```" + slackSafe(strings.Join(e.Next, "\n")) + "```"
		body.Blocks = append(body.Blocks, slackBlock{Type: "section", Text: &slackText{"mrkdwn", cut(text, slackLength)}})
	}
	return body
}

// slackSafe keeps what people wrote from becoming mentions and links.
func slackSafe(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// mark is what is seen before anything is read.
func mark(e rollout.Event) string {
	if e.Urgent {
		return "\u26a0 "
	}
	return ""
}

func cut(text string, most int) string {
	all := []rune(text)
	if len(all) <= most {
		return text
	}
	return string(all[:most-1]) + "…"
}

// Teams' message holds an adaptive card: https://adaptivecards.io/explorer
type (
	teamsBody struct {
		Type        string            `json:"type"`
		Attachments []teamsAttachment `json:"attachments"`
	}
	teamsAttachment struct {
		ContentType string    `json:"contentType"`
		Content     teamsCard `json:"content"`
	}
	teamsCard struct {
		Schema  string         `json:"$schema"`
		Type    string         `json:"type"`
		Version string         `json:"version"`
		Body    []teamsElement `json:"body"`
	}
	teamsElement struct {
		Type     string      `json:"type"`
		Text     string      `json:"text,omitempty"`
		Weight   string      `json:"weight,omitempty"`
		Size     string      `json:"size,omitempty"`
		Color    string      `json:"color,omitempty"`
		FontType string      `json:"fontType,omitempty"`
		Wrap     bool        `json:"wrap,omitempty"`
		Facts    []teamsFact `json:"facts,omitempty"`
	}
	teamsFact struct {
		Title string `json:"title"`
		Value string `json:"value"`
	}
)

func teamsMessage(e rollout.Event) teamsBody {
	head := teamsElement{Type: "TextBlock", Text: headline(e), Weight: "Bolder", Size: "Medium", Wrap: true}
	if e.Urgent {
		head.Color = "Attention"
	}
	known := teamsElement{Type: "FactSet"}
	for _, f := range facts(e) {
		known.Facts = append(known.Facts, teamsFact{f.name, f.value})
	}
	card := teamsCard{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4", Body: []teamsElement{head, known}}
	for _, command := range e.Next {
		card.Body = append(card.Body, teamsElement{Type: "TextBlock", Text: command, FontType: "Monospace", Wrap: true})
	}
	return teamsBody{Type: "message", Attachments: []teamsAttachment{{"application/vnd.microsoft.card.adaptive", card}}}
}
