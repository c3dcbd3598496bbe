// The interface of data sets: labels, classes, and images as whole tensors or one at a time.
//
// A data set answers info() from its parameters if possible, opens its files in open(), and then offers each split in
// one of two ways: in memory (whole uint8 tensors that the host keeps on the device) or by read() (the host draws a
// crop and the data set decodes it at the requested size, which lets a decoder scale). The host limits, splits,
// shuffles, batches, reads ahead and normalises.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "dha/component.hpp"

namespace dha {

enum class Split { kTrain, kValidation, kTest };

struct DatasetInfo {
  std::vector<std::string> class_names;  // one per class, in label order; empty while unknown
  int64_t classes = 0;                   // 0 while unknown
  int64_t channels = 0;                  // 1 or 3; 0 while unknown
  int64_t height = 0, width = 0;         // of the network's input images, px; 0 while unknown
  std::vector<double> mean;  // per channel, of pixels in [0, 1]; empty: the host measures it on the training images
  std::vector<double> standard_deviation;
};

// A split in memory.
struct ImageTensors {
  at::Tensor images;  // uint8 (N, channels, height, width), contiguous, CPU
  at::Tensor labels;  // int64 (N), CPU, in [0, classes)
};

// Size of a stored image, px.
struct ImageSize {
  int64_t height = 0, width = 0;
};

// A part of a stored image and the size to scale it to. The crop is inside the image.
struct ImageRequest {
  int64_t crop_top = 0, crop_left = 0, crop_height = 0, crop_width = 0;  // px of the stored image
  int64_t height = 0, width = 0;                                         // px of the result
  bool flip = false;                                                     // left to right, after scaling
};

// How the host draws training crops from stored images and takes the evaluation crop.
struct CropPolicy {
  bool random_resized = true;    // false: training images are treated as evaluation images
  double area_minimum = 0.08;    // of the stored image, in (0, 1]
  double area_maximum = 1.0;     // in (0, 1]
  double aspect_minimum = 0.75;  // width over height
  double aspect_maximum = 4.0 / 3.0;
  double flip_probability = 0.5;             // in [0, 1], of training images
  double evaluation_fraction = 224.0 / 256;  // side of the centre crop over the image's shorter side, in (0, 1]
};

class DHA_API Dataset : public Component {
 public:
  using Interface = Dataset;
  static constexpr const char* kKind = "dataset";

  Dataset();
  ~Dataset() override;

  // A data set has no state: loading threads call it while a step runs, so a checkpoint could not record their
  // position. A resumed run opens its data set again.
  State state() const final;
  void restore(const State& state, RestoreReason reason) final;

  // What is known so far; complete after open(), except for mean and standard deviation. Reads nothing from disk.
  virtual DatasetInfo info() const = 0;

  // Finds and checks the files. Called once, before the functions below. Throws Error{kData} that names the file.
  virtual void open() = 0;

  // Number of images; 0 if the set has no such split.
  virtual int64_t size(Split split) const = 0;

  // int64 (size), CPU, in [0, classes).
  virtual at::Tensor labels(Split split) const = 0;

  // True: the host calls tensors(). False: it calls image_size() and read().
  virtual bool in_memory() const = 0;

  // Called if in_memory() is true; the default throws Error{kContractViolation}.
  virtual ImageTensors tensors(Split split) const;

  // How to draw crops for read(); by default the values of CropPolicy.
  virtual CropPolicy crop_policy() const;

  // Size of image `index` in [0, size). Like read(), called if in_memory() is false; the defaults of both throw
  // Error{kContractViolation}. [any thread]
  virtual ImageSize image_size(Split split, int64_t index) const;

  // Decodes the requested part of image `index` in [0, size) into `pixels`: uint8 (channels, request.height,
  // request.width), contiguous. Returns false if the image cannot be read and the data set skips such images; the host
  // then leaves the sample out. Throws Error{kData} that names the file. [any thread]
  virtual bool read(Split split, int64_t index, const ImageRequest& request, uint8_t* pixels) const;

  // Number of unreadable images that open() left out of all splits, if the data set skips such images; 0 by default.
  // The host adds them to those that read() leaves out.
  virtual int64_t unreadable_images() const;

  // Parameters of the data set's own schema that open() chose from the training images, as a JSON object such as
  // {"bits": 12}. The host keeps them with the model, and passes them when the model reads other images. None by
  // default.
  virtual std::string chosen_params() const;

  // Name of image `index` in [0, size), such as its path below the root of the data set, for reports and for detecting
  // that the data changed between two runs. UTF-8 if the file system uses it. The default returns "".
  virtual std::string image_name(Split split, int64_t index) const;
};

}  // namespace dha
