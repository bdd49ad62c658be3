package salesforce

import (
	"encoding/json"
	"encoding/xml"
	"time"
)

// The shapes of the vendor's requests and answers, and nothing else.

type tokenReply struct {
	AccessToken string `json:"access_token"`
	InstanceURL string `json:"instance_url"`
}

type tokenRefusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// failure is one error. A whole request's has errorCode, a record's statusCode.
type failure struct {
	Message    string   `json:"message" xml:"message"`
	ErrorCode  string   `json:"errorCode" xml:"-"`
	StatusCode string   `json:"statusCode" xml:"statusCode"`
	Fields     []string `json:"fields" xml:"fields"`
}

func (f failure) code() string {
	if f.ErrorCode != "" {
		return f.ErrorCode
	}
	return f.StatusCode
}

// page is a part of a query's answer.
type page struct {
	TotalSize int               `json:"totalSize"`
	Done      *bool             `json:"done"`
	Next      string            `json:"nextRecordsUrl"`
	Records   []json.RawMessage `json:"records"`
}

type compositeRequest struct {
	AllOrNone bool         `json:"allOrNone"`
	Requests  []subRequest `json:"compositeRequest"`
}

type subRequest struct {
	Method    string `json:"method"`
	URL       string `json:"url"`
	Reference string `json:"referenceId"`
}

type compositeAnswer struct {
	Answers []subAnswer `json:"compositeResponse"`
}

type subAnswer struct {
	Body      json.RawMessage `json:"body"`
	Status    int             `json:"httpStatusCode"`
	Reference string          `json:"referenceId"`
}

// collection is a write of up to 200 records.
type collection struct {
	AllOrNone bool             `json:"allOrNone"`
	Records   []map[string]any `json:"records"`
}

// saved is what became of one record of a collection.
type saved struct {
	ID      string    `json:"id"`
	Success bool      `json:"success"`
	Errors  []failure `json:"errors"`
}

type organizationRecord struct {
	ID           string `json:"Id"`
	Name         string `json:"Name"`
	IsSandbox    bool   `json:"IsSandbox"`
	InstanceName string `json:"InstanceName"`
}

type userRecord struct {
	ID                   string `json:"Id"`
	Username             string `json:"Username"`
	Name                 string `json:"Name"`
	Email                string `json:"Email"`
	FederationIdentifier string `json:"FederationIdentifier"`
	Extension            string `json:"Extension"`
	Phone                string `json:"Phone"`
	IsActive             bool   `json:"IsActive"`
	CallCenterID         string `json:"CallCenterId"`
	AutoLogin            bool   `json:"UserPermissionsCallCenterAutoLogin"`
}

type callCenterRecord struct {
	ID           string `json:"Id"`
	Name         string `json:"Name"`
	InternalName string `json:"InternalName"`
	AdapterURL   string `json:"AdapterUrl"`
}

// assignmentRecord is a PermissionSetAssignment or a PermissionSetLicenseAssign.
type assignmentRecord struct {
	ID            string `json:"Id"`
	AssigneeID    string `json:"AssigneeId"`
	PermissionSet struct {
		Name string `json:"Name"`
	} `json:"PermissionSet"`
	License struct {
		DeveloperName string `json:"DeveloperName"`
	} `json:"PermissionSetLicense"`
}

// named is a PermissionSet or a PermissionSetLicense.
type named struct {
	ID            string `json:"Id"`
	Name          string `json:"Name"`
	DeveloperName string `json:"DeveloperName"`
}

type sessionHeader struct {
	XMLName xml.Name `xml:"http://soap.sforce.com/2006/04/metadata SessionHeader"`
	Session string   `xml:"sessionId"`
}

type readMetadata struct {
	XMLName xml.Name `xml:"http://soap.sforce.com/2006/04/metadata readMetadata"`
	Type    string   `xml:"type"`
	Names   []string `xml:"fullNames"`
}

type readMetadataAnswer struct {
	XMLName xml.Name             `xml:"readMetadataResponse"`
	Records []metadataCallCenter `xml:"result>records"`
}

type upsertMetadata struct {
	XMLName  xml.Name           `xml:"http://soap.sforce.com/2006/04/metadata upsertMetadata"`
	Metadata metadataCallCenter `xml:"metadata"`
}

type upsertMetadataAnswer struct {
	XMLName xml.Name `xml:"upsertMetadataResponse"`
	Results []struct {
		FullName string    `xml:"fullName"`
		Success  bool      `xml:"success"`
		Errors   []failure `xml:"errors"`
	} `xml:"result"`
}

// metadataCallCenter is a CallCenter of the Metadata API, its elements in the
// order of the WSDL.
type metadataCallCenter struct {
	Type              string            `xml:"xsi:type,attr,omitempty"`
	FullName          string            `xml:"fullName"`
	AdapterURL        string            `xml:"adapterUrl,omitempty"`
	Channels          []raw             `xml:"contactCenterChannels"`
	CustomSettings    string            `xml:"customSettings,omitempty"`
	DisplayName       string            `xml:"displayName"`
	DisplayNameLabel  string            `xml:"displayNameLabel"`
	InternalNameLabel string            `xml:"internalNameLabel"`
	Sections          []metadataSection `xml:"sections"`
	Version           string            `xml:"version,omitempty"`
}

// raw is kept as it is.
type raw struct {
	Inner string `xml:",innerxml"`
}

type metadataSection struct {
	Items []metadataItem `xml:"items"`
	Label string         `xml:"label"`
	Name  string         `xml:"name"`
}

type metadataItem struct {
	Label string `xml:"label"`
	Name  string `xml:"name"`
	Value string `xml:"value"`
}

type taskRecord struct {
	ID          string  `json:"Id"`
	OwnerID     string  `json:"OwnerId"`
	CallType    string  `json:"CallType"`
	Seconds     float64 `json:"CallDurationInSeconds"`
	Disposition string  `json:"CallDisposition"`
	CallObject  string  `json:"CallObject"`
	Created     moment  `json:"CreatedDate"`
}

type voiceRecord struct {
	ID            string  `json:"Id"`
	UserID        string  `json:"UserId"`
	OwnerID       string  `json:"OwnerId"`
	VendorCallKey string  `json:"VendorCallKey"`
	CallType      string  `json:"CallType"`
	Disposition   string  `json:"CallDisposition"`
	Started       moment  `json:"CallStartDateTime"`
	Seconds       float64 `json:"CallDurationInSeconds"`
	From          string  `json:"FromPhoneNumber"`
	To            string  `json:"ToPhoneNumber"`
	Created       moment  `json:"CreatedDate"`
}

// moment is a time as the vendor writes it, with an offset that has no colon.
type moment struct{ time.Time }

// UnmarshalJSON reads it; null is no time.
func (m *moment) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	at, err := time.Parse(`"2006-01-02T15:04:05.000-0700"`, string(data))
	m.Time = at.UTC()
	return err
}
