package salesforcesim

import "strings"

// token is one word of a query.
type token struct {
	kind tokenKind
	text string
	at   int
}

type tokenKind int

const (
	endOfQuery tokenKind = iota
	word
	quoted
	number
	moment // a date or a time, unquoted
	symbol
)

// lex cuts a query into words.
func lex(text string) ([]token, *Error) {
	var tokens []token
	for at := 0; at < len(text); {
		c := text[at]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			at++
		case c == '\'':
			t, next, err := lexQuoted(text, at)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, t)
			at = next
		case isLetter(c):
			end := wordEnd(text, at)
			tokens = append(tokens, token{word, text[at:end], at})
			at = end
		case isDigit(c) || (c == '-' || c == '+') && at+1 < len(text) && isDigit(text[at+1]):
			t, next := lexNumber(text, at)
			tokens = append(tokens, t)
			at = next
		default:
			end := symbolEnd(text, at)
			if strings.IndexByte("(),=<>!", c) < 0 || text[at:end] == "!" {
				return nil, malformed(text, at, "unexpected token: '%s'", text[at:end])
			}
			tokens = append(tokens, token{symbol, text[at:end], at})
			at = end
		}
	}
	return append(tokens, token{endOfQuery, "<EOF>", len(text)}), nil
}

func wordEnd(text string, at int) int {
	end := at + 1
	for end < len(text) && (isLetter(text[end]) || isDigit(text[end]) || strings.IndexByte("_.:", text[end]) >= 0) {
		end++
	}
	return end
}

func symbolEnd(text string, at int) int {
	if at+2 <= len(text) {
		switch text[at : at+2] {
		case "!=", "<>", "<=", ">=":
			return at + 2
		}
	}
	return at + 1
}

func lexQuoted(text string, at int) (token, int, *Error) {
	var value strings.Builder
	for i := at + 1; i < len(text); i++ {
		switch text[i] {
		case '\'':
			return token{quoted, value.String(), at}, i + 1, nil
		case '\\':
			i++
			if i == len(text) {
				return token{}, 0, malformed(text, at, "line 1:%d mismatched character '<EOF>' expecting '''", i)
			}
			switch text[i] {
			case 'n':
				value.WriteByte('\n')
			case 'r':
				value.WriteByte('\r')
			case 't':
				value.WriteByte('\t')
			case 'b':
				value.WriteByte('\b')
			case 'f':
				value.WriteByte('\f')
			case '_', '%':
				// LIKE must see that the wildcard was escaped.
				value.WriteByte('\\')
				value.WriteByte(text[i])
			case '\'', '"', '\\':
				value.WriteByte(text[i])
			default:
				return token{}, 0, malformed(text, i-1, "Illegal string literal: invalid string literal '%s'. Illegal character sequence '\\%c' in string literal.", text[at:i+1], text[i])
			}
		default:
			value.WriteByte(text[i])
		}
	}
	return token{}, 0, malformed(text, at, "line 1:%d mismatched character '<EOF>' expecting '''", len(text))
}

func lexNumber(text string, at int) (token, int) {
	end := at + 1
	for end < len(text) && (isDigit(text[end]) || isLetter(text[end]) || strings.IndexByte(".:-+", text[end]) >= 0) {
		end++
	}
	body := text[at:end]
	if strings.ContainsAny(body[1:], "-:T") {
		return token{moment, body, at}, end
	}
	return token{number, body, at}, end
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// malformed words a complaint as Salesforce does: the query, a mark under the
// place, and the reason.
func malformed(text string, at int, format string, args ...any) *Error {
	return queryError("MALFORMED_QUERY", text, at, format, args...)
}

func queryError(code, text string, at int, format string, args ...any) *Error {
	reason := badRequest(code, format, args...)
	from := max(0, at-40)
	to := min(len(text), at+40)
	column := at + 1
	row := 1 + strings.Count(text[:min(at, len(text))], "\n")
	if nl := strings.LastIndexByte(text[:min(at, len(text))], '\n'); nl >= 0 {
		column = at - nl
	}
	place := "\n" + text[from:to] + "\n" + strings.Repeat(" ", at-from) + "^\nERROR at Row:" +
		shown(row) + ":Column:" + shown(column) + "\n"
	reason.Message = place + reason.Message
	return reason
}
