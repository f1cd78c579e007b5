package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

const (
	labelInstallation   = "parley.dev/installation"
	labelInterview      = "parley.dev/interview-uid"
	annotationNamespace = "parley.dev/interview-namespace"
	annotationName      = "parley.dev/interview-name"
	botUser             = 10001
	lifetimeSeconds     = 5400
)

// Settings are what is the same for every interview.
type Settings struct {
	Namespace, Bots, Installation, Image string
	LinkKey                              []byte
}

// childName is what an Interview's objects are called: by its uid, so that a namesake gets others.
func childName(interview *Interview) string {
	digest := sha256.Sum256([]byte(interview.UID))
	return "itv-" + hex.EncodeToString(digest[:8])
}

func podName(interview *Interview) string { return childName(interview) + "-1" }

func linkName(interview *Interview) string { return childName(interview) + "-link" }

func objectMeta(settings Settings, interview *Interview, namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace:   namespace,
		Name:        name,
		Labels:      map[string]string{labelInstallation: settings.Installation, labelInterview: string(interview.UID)},
		Annotations: map[string]string{annotationNamespace: interview.Namespace, annotationName: interview.Name},
	}
}

func linkSecret(settings Settings, interview *Interview) *corev1.Secret {
	mac := hmac.New(sha256.New, settings.LinkKey)
	fmt.Fprintf(mac, "%s/%d", interview.UID, interview.Spec.LinkEpoch)
	token := base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	metadata := objectMeta(settings, interview, interview.Namespace, linkName(interview))
	metadata.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(interview, groupVersion.WithKind("Interview"))}
	return &corev1.Secret{
		ObjectMeta: metadata,
		StringData: map[string]string{"token": token, "url": "https://talk.example.com/join#" + token},
	}
}

func inputsSecret(settings Settings, interview *Interview, template *InterviewTemplate) (*corev1.Secret, error) {
	inputs, err := json.Marshal(map[string]any{
		"interview": map[string]any{"namespace": interview.Namespace, "name": interview.Name, "uid": interview.UID},
		"attempt":   1,
		"candidate": interview.Spec.Candidate,
		"plan":      template.Spec,
		"room":      roomOf(interview),
	})
	return &corev1.Secret{
		ObjectMeta: objectMeta(settings, interview, settings.Bots, childName(interview)),
		StringData: map[string]string{"inputs.json": string(inputs)},
	}, err
}

func roomOf(interview *Interview) *Room {
	return &Room{Provider: "websocket", Name: childName(interview)}
}

// botPod is the pod of the same form as Parley's: probes, volumes and the restricted security context included.
func botPod(settings Settings, interview *Interview, owner types.UID) *corev1.Pod {
	metadata := objectMeta(settings, interview, settings.Bots, podName(interview))
	metadata.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "v1", Kind: "Secret", Name: childName(interview), UID: owner, Controller: ptr.To(true),
	}}
	return &corev1.Pod{
		ObjectMeta: metadata,
		Spec: corev1.PodSpec{
			RestartPolicy:                 corev1.RestartPolicyNever,
			ActiveDeadlineSeconds:         ptr.To[int64](lifetimeSeconds),
			TerminationGracePeriodSeconds: ptr.To[int64](20),
			ServiceAccountName:            "parley-bot",
			AutomountServiceAccountToken:  ptr.To(false),
			EnableServiceLinks:            ptr.To(false),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   ptr.To(true),
				RunAsUser:      ptr.To[int64](botUser),
				RunAsGroup:     ptr.To[int64](botUser),
				FSGroup:        ptr.To[int64](botUser),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{botContainer(settings)},
			Volumes:    volumes(),
		},
	}
}

func botContainer(settings Settings) corev1.Container {
	return corev1.Container{
		Name:  "bot",
		Image: settings.Image,
		Env: []corev1.EnvVar{
			{Name: "PARLEY_API_URL", Value: "https://api.example.com:8443"},
			{Name: "PARLEY_CA_FILE", Value: "/etc/parley/ca/ca.crt"},
			{Name: "PARLEY_TOKEN_FILE", Value: "/var/run/secrets/parley/token"},
		},
		Ports:                    []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
		ReadinessProbe:           probe("/readyz", 1, 1, 3, 0),
		LivenessProbe:            probe("/healthz", 10, 5, 6, 180),
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: ptr.To(false),
			ReadOnlyRootFilesystem:   ptr.To(true),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		VolumeMounts: []corev1.VolumeMount{
			{Name: "tmp", MountPath: "/tmp"},
			{Name: "token", MountPath: "/var/run/secrets/parley", ReadOnly: true},
			{Name: "ca", MountPath: "/etc/parley/ca", ReadOnly: true},
		},
	}
}

func probe(path string, period, timeout, failures, delay int32) *corev1.Probe {
	get := &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("http")}
	return &corev1.Probe{
		ProbeHandler:        corev1.ProbeHandler{HTTPGet: get},
		PeriodSeconds:       period,
		TimeoutSeconds:      timeout,
		FailureThreshold:    failures,
		InitialDelaySeconds: delay,
	}
}

func volumes() []corev1.Volume {
	limit := resource.MustParse("256Mi")
	token := &corev1.ServiceAccountTokenProjection{
		Audience: "parley-api", ExpirationSeconds: ptr.To[int64](3600), Path: "token",
	}
	projected := &corev1.ProjectedVolumeSource{
		DefaultMode: ptr.To[int32](0o440),
		Sources:     []corev1.VolumeProjection{{ServiceAccountToken: token}},
	}
	ca := &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "parley-internal-ca"}}
	return []corev1.Volume{
		{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &limit}}},
		{Name: "token", VolumeSource: corev1.VolumeSource{Projected: projected}},
		{Name: "ca", VolumeSource: corev1.VolumeSource{ConfigMap: ca}},
	}
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
	})
}

// statusOf tells of an interview that has its link and its pod. Times once told stay.
func statusOf(interview *Interview, pod *corev1.Pod) InterviewStatus {
	status := interview.Status.deepCopy()
	now := ptr.To(metav1.Now().Rfc3339Copy())
	status.ObservedGeneration = interview.Generation
	status.LinkSecretName = linkName(interview)
	status.Room = roomOf(interview)
	for _, at := range []**metav1.Time{&status.AcceptedAt, &status.OpenedAt, &status.StartedAt} {
		if *at == nil {
			*at = now
		}
	}
	ready := isReady(pod)
	if ready && status.ReadyAt == nil {
		status.ReadyAt = now
	}
	status.Attempts = &Attempts{Current: 1, History: []Attempt{
		{Attempt: 1, PodName: pod.Name, StartedAt: status.StartedAt, ReadyAt: status.ReadyAt},
	}}
	condition := func(kind, reason, message string) {
		meta.SetStatusCondition(&status.Conditions, metav1.Condition{
			Type: kind, Status: metav1.ConditionTrue, Reason: reason, Message: message,
			ObservedGeneration: interview.Generation, LastTransitionTime: *now,
		})
	}
	condition("Accepted", "Accepted", "The template is there")
	if ready {
		status.Phase = "Ready"
		condition("Joinable", "BotReady", "The bot is in the room")
		meta.RemoveStatusCondition(&status.Conditions, "Reconciling")
	} else {
		status.Phase = "Provisioning"
		condition("Joinable", "BotStarting", "The bot is starting")
		condition("Reconciling", "BotStarting", "The bot is starting")
	}
	return status
}
