package main

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var groupVersion = schema.GroupVersion{Group: "parley.dev", Version: "v1alpha1"}

// Interview holds what this controller reads of one; its writes are patches, so that nothing else is lost.
type Interview struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              InterviewSpec   `json:"spec"`
	Status            InterviewStatus `json:"status,omitzero"`
}

// InterviewSpec is what the bot is told of it.
type InterviewSpec struct {
	TemplateRef TemplateRef     `json:"templateRef"`
	Candidate   json.RawMessage `json:"candidate,omitempty"`
	LinkEpoch   int64           `json:"linkEpoch,omitempty"`
}

// TemplateRef names a template in the Interview's namespace.
type TemplateRef struct {
	Name string `json:"name"`
}

// InterviewStatus is this controller's share of the status.
type InterviewStatus struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Phase              string             `json:"phase,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
	Attempts           *Attempts          `json:"attempts,omitempty"`
	Room               *Room              `json:"room,omitempty"`
	LinkSecretName     string             `json:"linkSecretName,omitempty"`
	AcceptedAt         *metav1.Time       `json:"acceptedAt,omitempty"`
	OpenedAt           *metav1.Time       `json:"openedAt,omitempty"`
	ReadyAt            *metav1.Time       `json:"readyAt,omitempty"`
	StartedAt          *metav1.Time       `json:"startedAt,omitempty"`
}

// Attempts are the bots of an interview: here always one.
type Attempts struct {
	Current int64     `json:"current"`
	History []Attempt `json:"history"`
}

// Attempt is one bot.
type Attempt struct {
	Attempt   int64        `json:"attempt"`
	PodName   string       `json:"podName"`
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	ReadyAt   *metav1.Time `json:"readyAt,omitempty"`
}

// Room is where they meet: the bot's own WebSocket.
type Room struct {
	Provider string `json:"provider"`
	Name     string `json:"name"`
}

// InterviewList is a list of them.
type InterviewList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []Interview `json:"items"`
}

// InterviewTemplate is handed to the bot as it stands.
type InterviewTemplate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              json.RawMessage `json:"spec"`
}

// InterviewTemplateList is a list of them.
type InterviewTemplateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []InterviewTemplate `json:"items"`
}

// AddToScheme registers the types.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(groupVersion, &Interview{}, &InterviewList{}, &InterviewTemplate{}, &InterviewTemplateList{})
	metav1.AddToGroupVersion(scheme, groupVersion)
	return nil
}

// DeepCopyObject copies the Interview.
func (in *Interview) DeepCopyObject() runtime.Object {
	out := *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Spec.Candidate = append(json.RawMessage(nil), in.Spec.Candidate...)
	out.Status = in.Status.deepCopy()
	return &out
}

func (in InterviewStatus) deepCopy() InterviewStatus {
	out := in
	out.Conditions = append([]metav1.Condition(nil), in.Conditions...)
	if in.Attempts != nil {
		attempts := *in.Attempts
		attempts.History = append([]Attempt(nil), in.Attempts.History...)
		for i := range attempts.History {
			attempts.History[i].StartedAt = attempts.History[i].StartedAt.DeepCopy()
			attempts.History[i].ReadyAt = attempts.History[i].ReadyAt.DeepCopy()
		}
		out.Attempts = &attempts
	}
	if in.Room != nil {
		room := *in.Room
		out.Room = &room
	}
	out.AcceptedAt, out.OpenedAt = in.AcceptedAt.DeepCopy(), in.OpenedAt.DeepCopy()
	out.ReadyAt, out.StartedAt = in.ReadyAt.DeepCopy(), in.StartedAt.DeepCopy()
	return out
}

// DeepCopyObject copies the list.
func (in *InterviewList) DeepCopyObject() runtime.Object {
	out := *in
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	out.Items = make([]Interview, len(in.Items))
	for i := range in.Items {
		out.Items[i] = *in.Items[i].DeepCopyObject().(*Interview)
	}
	return &out
}

// DeepCopyObject copies the template.
func (in *InterviewTemplate) DeepCopyObject() runtime.Object {
	out := *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Spec = append(json.RawMessage(nil), in.Spec...)
	return &out
}

// DeepCopyObject copies the list.
func (in *InterviewTemplateList) DeepCopyObject() runtime.Object {
	out := *in
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	out.Items = make([]InterviewTemplate, len(in.Items))
	for i := range in.Items {
		out.Items[i] = *in.Items[i].DeepCopyObject().(*InterviewTemplate)
	}
	return &out
}
