// The interface of data sets: labels, classes, and images either as whole tensors or read one by one.
//
// A data set answers info() from its parameters alone where it can, opens its files in open(), and then offers each
// split in one of two ways: in memory (whole uint8 tensors that the host keeps on the device) or by read() (the host
// draws a crop, the data set decodes that crop at that size, which lets a decoder scale). The host limits, splits,
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
  int64_t height = 0, width = 0;         // of the images that a network sees, px; 0 while unknown
  std::vector<double> mean;  // per channel, of pixels in [0, 1]; empty: the host measures it on the training images
  std::vector<double> standard_deviation;
};

// A split that lives in memory.
struct ImageTensors {
  at::Tensor images;  // uint8 (N, channels, height, width), contiguous, CPU
  at::Tensor labels;  // int64 (N), CPU, in [0, classes)
};

// Size of a stored image, px.
struct ImageSize {
  int64_t height = 0, width = 0;
};

// A part of a stored image and the size to bring it to. The crop lies inside the image.
struct ImageRequest {
  int64_t crop_top = 0, crop_left = 0, crop_height = 0, crop_width = 0;  // px of the stored image
  int64_t height = 0, width = 0;                                         // px of the result
  bool flip = false;                                                     // left to right, after scaling
};

// How the host draws training crops from stored images, and how it takes the evaluation crop.
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

  // A data set has no state: loading threads call it while a step runs, so a checkpoint could not tell how far they
  // are. A run that is resumed opens its data set again.
  State state() const final;
  void restore(const State& state, RestoreReason reason) final;

  // What is known; complete after open(), but for mean and standard deviation. Reads nothing from disk.
  virtual DatasetInfo info() const = 0;

  // Finds and checks the files. Called once, before what follows. Throws Error{kData} that names the file.
  virtual void open() = 0;

  // Number of images; 0 where the set has no such split.
  virtual int64_t size(Split split) const = 0;

  // int64 (size), CPU, in [0, classes).
  virtual at::Tensor labels(Split split) const = 0;

  // True: tensors() is used. False: image_size() and read() are.
  virtual bool in_memory() const = 0;

  // Called where in_memory() is true; the default throws Error{kContractViolation}.
  virtual ImageTensors tensors(Split split) const;

  // How to draw geometry for read(); by default as CropPolicy says.
  virtual CropPolicy crop_policy() const;

  // Size of image `index` in [0, size). Called where in_memory() is false, as read() is; the defaults of both throw
  // Error{kContractViolation}. [any thread]
  virtual ImageSize image_size(Split split, int64_t index) const;

  // Decodes image `index` in [0, size) as asked into `pixels`: uint8 (channels, request.height, request.width),
  // contiguous. False: the image cannot be read and the data set was told to skip such images; the host leaves the
  // sample out. Throws Error{kData} that names the file. [any thread]
  virtual bool read(Split split, int64_t index, const ImageRequest& request, uint8_t* pixels) const;

  // Number of images that open() found unreadable and left out of every split, because the data set was told to skip
  // such images; 0 by default. The host adds them to those that read() leaves out.
  virtual int64_t unreadable_images() const;

  // Parameters of the data set's own schema that open() chose from the training images, as a JSON object such as
  // {"bits": 12}. The host keeps them with the model, and passes them where the model reads other images. The default
  // chooses none.
  virtual std::string chosen_params() const;

  // Name of image `index` in [0, size), such as its path below the root of the data set: for reports, and to notice
  // that the data changed between two runs. UTF-8 where the file system has it. The default has none: "".
  virtual std::string image_name(Split split, int64_t index) const;
};

}  // namespace dha
