#include "dha/plugin.hpp"

#include "resnet.hpp"
#include "wide_resnet.hpp"

DHA_PLUGIN("resnet", "1.0.0", "dha", "Apache-2.0", dha::component<dha::resnet::ResNet>("dha.resnet"),
           dha::component<dha::resnet::WideResNet>("dha.wide_resnet"))
