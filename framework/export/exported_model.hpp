// What the files of a trained network for other programs are made of.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <optional>
#include <string>

#include "dha/dataset.hpp"
#include "dha/layer_graph.hpp"

namespace dha {

// How dha reads the pixels of image files for the network.
struct ImageDecoding {
  bool orients = true;               // turns and mirrors as the EXIF orientation says
  std::string background = "white";  // behind transparent parts
  int64_t bits = 16;                 // significant ones of 16-bit samples; larger samples are white
};

struct ExportedModel {
  LayerGraph graph;                           // checked (graph_check.hpp)
  std::map<std::string, at::Tensor> tensors;  // of weights.safetensors, on any device
  DatasetInfo info;                           // with mean and standard deviation
  std::optional<double> crop_fraction;  // share of an image's shorter side that is the side of its centre square, which
                                        // the network sees; nothing: the largest centre part of the input's shape
  std::string weights_sha256;           // of weights.safetensors
  std::string version;                  // of dha: "2.2.0"
  ImageDecoding decoding = {};
};

}  // namespace dha
