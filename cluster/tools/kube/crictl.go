package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const criSocket = "unix:///run/containerd/containerd.sock"

// crictlCommand knows the two verbs that kind calls on a node: inspecti and images.
func crictlCommand() *cobra.Command {
	return &cobra.Command{Use: "crictl", DisableFlagParsing: true, RunE: func(_ *cobra.Command, args []string) error {
		conn, err := grpc.NewClient(criSocket, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err
		}
		defer conn.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		images := cri.NewImageServiceClient(conn)
		if len(args) > 1 && args[0] == "inspecti" {
			return inspectImage(ctx, images, args[len(args)-1])
		}
		return listImages(ctx, images)
	}}
}

func inspectImage(ctx context.Context, images cri.ImageServiceClient, name string) error {
	status, err := images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: name}})
	if err != nil {
		return err
	}
	if status.Image == nil {
		return fmt.Errorf("no such image %q present", name)
	}
	text, err := protojson.Marshal(status.Image)
	if err != nil {
		return err
	}
	fmt.Printf("{\"status\":%s}\n", text)
	return nil
}

func listImages(ctx context.Context, images cri.ImageServiceClient) error {
	list, err := images.ListImages(ctx, &cri.ListImagesRequest{})
	if err != nil {
		return err
	}
	for _, image := range list.Images {
		fmt.Println(image.Id, image.Size, image.RepoTags)
	}
	return nil
}
