// The layers that cell networks are made of: stems, preprocessing, operations, heads.
#pragma once

#include "dha/nn/layer.hpp"
#include "operation.hpp"
#include "settings.hpp"

namespace dha::cell {

// Layers of an operation on `channels` channels with stride 1 or 2 (DARTS, Liu et al. 2019, and its public code). Empty
// for the identity and for kNone.
nn::Layers operation_layers(Operation operation, int64_t channels, int64_t stride, ExtraNorm extra_norm, bool affine);

// ReLU, 1x1 convolution, batch norm; or, with `reduce`, through FactorizedReduce.
nn::Layers preprocess_layers(int64_t in, int64_t out, bool reduce, bool affine);

nn::Layers cifar_stem_layers(int64_t in, int64_t out);

// The first and the second part of the stem for large images: they scale by 4 and by 2.
nn::Layers imagenet_stem0_layers(int64_t in, int64_t out);
nn::Layers imagenet_stem1_layers(int64_t channels);

// The auxiliary head for features of `size` px. Its pool brings them to 2x2: windows of 5 px with stride 3 for 8x8 and
// 2 for 7x7 (DARTS's CIFAR and ImageNet networks), else windows that divide the features into two by two equal parts.
nn::Layers auxiliary_layers(int64_t in, nn::Pair size, bool last_batch_norm, int64_t classes);

nn::Layers classifier_layers(int64_t in, int64_t classes);

}  // namespace dha::cell
