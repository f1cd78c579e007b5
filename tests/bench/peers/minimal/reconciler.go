package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	finalizer     = "parley.dev/interview"
	manager       = "minimal"
	templateRetry = 15 * time.Second
)

// Reconciler brings interviews to where they belong.
type Reconciler struct {
	client.Client
	settings Settings
}

// SetupWithManager has an Interview reconciled when its spec changes or it is deleted, when its pod becomes ready, or
// not, and when something of it goes. That it was made is no news to who made it.
func (r *Reconciler) SetupWithManager(m ctrl.Manager) error {
	news := predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			old, isPod := e.ObjectOld.(*corev1.Pod)
			return isPod && isReady(old) != isReady(e.ObjectNew.(*corev1.Pod))
		},
	}
	mapped := handler.EnqueueRequestsFromMapFunc(interviewOf)
	return ctrl.NewControllerManagedBy(m).
		For(&Interview{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&corev1.Pod{}, mapped, builder.WithPredicates(news)).
		WatchesMetadata(&corev1.Secret{}, mapped, builder.WithPredicates(news)).
		Complete(r)
}

func interviewOf(_ context.Context, object client.Object) []reconcile.Request {
	annotations := object.GetAnnotations()
	name, namespace := annotations[annotationName], annotations[annotationNamespace]
	if name == "" || namespace == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}}
}

// Reconcile makes what is missing, the pod as early as what it needs is there, and tells of all of it in one write.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	interview := &Interview{}
	if err := r.Get(ctx, request.NamespacedName, interview); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !interview.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.remove(ctx, interview)
	}
	template := &InterviewTemplate{}
	key := client.ObjectKey{Namespace: interview.Namespace, Name: interview.Spec.TemplateRef.Name}
	if err := r.Get(ctx, key, template); apierrors.IsNotFound(err) {
		return ctrl.Result{RequeueAfter: templateRetry}, nil
	} else if err != nil {
		return ctrl.Result{}, err
	}
	if err := r.hold(ctx, interview); err != nil {
		return ctrl.Result{}, err
	}
	pod, err := r.provision(ctx, interview, template)
	if err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, r.tell(ctx, interview, pod)
}

func (r *Reconciler) hold(ctx context.Context, interview *Interview) error {
	before := interview.DeepCopyObject().(*Interview)
	if !controllerutil.AddFinalizer(interview, finalizer) {
		return nil
	}
	return r.Patch(ctx, interview, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}

func (r *Reconciler) provision(
	ctx context.Context, interview *Interview, template *InterviewTemplate,
) (*corev1.Pod, error) {
	pod := &corev1.Pod{}
	err := r.Get(ctx, client.ObjectKey{Namespace: r.settings.Bots, Name: podName(interview)}, pod)
	if apierrors.IsNotFound(err) {
		pod, err = r.start(ctx, interview, template)
	}
	if err != nil {
		return nil, err
	}
	link := metadataOf(interview.Namespace, linkName(interview))
	if err := r.Get(ctx, client.ObjectKeyFromObject(link), link); !apierrors.IsNotFound(err) {
		return pod, err
	}
	return pod, client.IgnoreAlreadyExists(r.Create(ctx, linkSecret(r.settings, interview)))
}

// start makes the pod and, where they are missing, its inputs, which own it.
func (r *Reconciler) start(ctx context.Context, interview *Interview, template *InterviewTemplate) (*corev1.Pod, error) {
	owner := metadataOf(r.settings.Bots, childName(interview))
	err := r.Get(ctx, client.ObjectKeyFromObject(owner), owner)
	uid := owner.UID
	if apierrors.IsNotFound(err) {
		secret, problem := inputsSecret(r.settings, interview, template)
		if problem != nil {
			return nil, problem
		}
		// A conflict is made good by the next try, which the watch has told of the Secret by then.
		err = r.Create(ctx, secret)
		uid = secret.UID
	}
	if err != nil {
		return nil, fmt.Errorf("inputs of %s: %w", interview.Name, err)
	}
	pod := botPod(r.settings, interview, uid)
	if err := r.Create(ctx, pod); err != nil {
		return nil, fmt.Errorf("pod of %s: %w", interview.Name, err)
	}
	return pod, nil
}

func (r *Reconciler) tell(ctx context.Context, interview *Interview, pod *corev1.Pod) error {
	status := statusOf(interview, pod)
	if equality.Semantic.DeepEqual(status, interview.Status) {
		return nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&status)
	if err != nil {
		return err
	}
	object := &unstructured.Unstructured{Object: map[string]any{"status": content}}
	object.SetGroupVersionKind(groupVersion.WithKind("Interview"))
	object.SetNamespace(interview.Namespace)
	object.SetName(interview.Name)
	object.SetUID(interview.UID)
	apply := client.ApplyConfigurationFromUnstructured(object)
	return client.IgnoreNotFound(r.Status().Apply(ctx, apply, client.FieldOwner(manager), client.ForceOwnership))
}

// remove takes the inputs away, whereupon the garbage collector takes the pod, and lets go when the pod is gone. The
// link goes with the Interview.
func (r *Reconciler) remove(ctx context.Context, interview *Interview) error {
	if !controllerutil.ContainsFinalizer(interview, finalizer) {
		return nil
	}
	inputs := metadataOf(r.settings.Bots, childName(interview))
	if err := r.Get(ctx, client.ObjectKeyFromObject(inputs), inputs); err == nil {
		background := client.PropagationPolicy(metav1.DeletePropagationBackground)
		if err := client.IgnoreNotFound(r.Delete(ctx, inputs, background)); err != nil {
			return err
		}
	} else if !apierrors.IsNotFound(err) {
		return err
	}
	pod := &corev1.Pod{}
	err := r.Get(ctx, client.ObjectKey{Namespace: r.settings.Bots, Name: podName(interview)}, pod)
	if !apierrors.IsNotFound(err) {
		return err
	}
	before := interview.DeepCopyObject().(*Interview)
	controllerutil.RemoveFinalizer(interview, finalizer)
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	return client.IgnoreNotFound(r.Patch(ctx, interview, patch))
}

func metadataOf(namespace, name string) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	object.Namespace, object.Name = namespace, name
	return object
}
