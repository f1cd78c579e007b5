"""From what AWS made to what Git holds: Helm values and manifests, made of a deployment's outputs.

The stack makes nothing in the cluster: a function that applies manifests would be a second owner beside GitOps, with
an administrator's rights. What only the stack knows is written to files, which are committed and reviewed.
"""
